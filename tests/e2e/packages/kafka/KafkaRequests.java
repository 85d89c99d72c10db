// SPDX-License-Identifier: Apache-2.0

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The newest versions of Kafka's requests: KafkaRequests ADDRESS RECORDS. Prints how many answers
 * its clients got, by their own count. */
public final class KafkaRequests {
  private static final String TOPIC = "orders";
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
  private static final int BIG = 1 << 20;
  private static final int NEVER = 60_000; // No fetch is answered for want of records.

  private final Properties settings = new Properties();
  private final List<Metric> answers = new ArrayList<>();

  private KafkaRequests(String address) {
    settings.put("bootstrap.servers", address);
    settings.put("enable.metrics.push", "false");
    settings.put("max.request.size", 4 * BIG);
    settings.put("fetch.max.wait.ms", NEVER);
    settings.put("request.timeout.ms", 2 * NEVER);
    settings.put("default.api.timeout.ms", 2 * NEVER);
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("delivery.timeout.ms", 4 * NEVER);
  }

  /** A metric can be read after its client was closed. */
  private void count(Map<MetricName, ? extends Metric> metrics, String group) {
    for (var metric : metrics.entrySet())
      if (metric.getKey().group().equals(group) && metric.getKey().name().equals("response-total"))
        answers.add(metric.getValue());
  }

  /** A topic that is there already, and one that is not: an error each. */
  private void administer() throws Exception {
    try (var admin = Admin.create(settings)) {
      count(admin.metrics(), "admin-client-metrics");
      expectError(admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all());
      expectError(admin.deleteTopics(List.of("nothing")).all());
    }
  }

  private static void expectError(Future<?> outcome) throws Exception {
    try {
      outcome.get();
    } catch (ExecutionException e) {
      return;
    }
    throw new IllegalStateException("no error");
  }

  /** One by one, then as many at once as the client likes, then big ones. */
  private void produce(int records) throws Exception {
    try (var producer = new KafkaProducer<byte[], byte[]>(settings)) {
      count(producer.metrics(), "producer-metrics");
      for (int i = 0; i < records; ++i)
        producer.send(new ProducerRecord<>(TOPIC, new byte[10])).get();
      var pending = new ArrayList<Future<RecordMetadata>>();
      for (int i = 0; i < 20 * records; ++i)
        pending.add(producer.send(new ProducerRecord<>(TOPIC, new byte[1000])));
      for (int i = 0; i < 3; ++i)
        pending.add(producer.send(new ProducerRecord<>(TOPIC, new byte[BIG])));
      for (var x : pending)
        x.get();
    }
  }

  private void consume() {
    var consumer = new KafkaConsumer<byte[], byte[]>(settings);
    count(consumer.metrics(), "consumer-metrics");
    consumer.assign(List.of(PARTITION));
    consumer.seekToBeginning(List.of(PARTITION));
    long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
    while (consumer.position(PARTITION) < end)
      consumer.poll(Duration.ofSeconds(20));
    consumer.close(Duration.ZERO); // The fetch that is open has no answer.
  }

  public static void main(String[] arguments) throws Exception {
    var requests = new KafkaRequests(arguments[0]);
    requests.administer();
    requests.produce(Integer.parseInt(arguments[1]));
    requests.consume();
    double sum = 0;
    for (var metric : requests.answers)
      sum += (Double) metric.metricValue();
    if (requests.answers.size() != 3)
      throw new IllegalStateException("metrics of " + requests.answers.size() + " clients");
    System.out.println((long) sum);
  }
}
