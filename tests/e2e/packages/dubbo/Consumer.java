// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;
import org.apache.dubbo.rpc.RpcException;
import org.apache.dubbo.rpc.service.GenericService;

/** Calls in exact numbers: Consumer ADDRESS CONNECTIONS METHOD:COUNT... */
public final class Consumer {
  private static final int BIG = 1 << 20;

  private final Stock stock;
  private final String address;

  private Consumer(String address, int connections) {
    this.address = address;
    var application = new ApplicationConfig("consumer");
    application.setQosEnable(false);
    DubboBootstrap.getInstance().application(application).start();
    stock = refer(connections).get();
  }

  private ReferenceConfig<Stock> refer(int connections) {
    var reference = new ReferenceConfig<Stock>();
    reference.setInterface(Stock.class);
    reference.setUrl("dubbo://" + address + "/Stock?serialization=hessian2");
    reference.setConnections(connections);
    reference.setTimeout(20_000);
    reference.setRetries(0);
    return reference;
  }

  private void call(String method, int count) throws Exception {
    switch (method) {
      case "take" -> repeat(count, () -> stock.take(3) == 3);
      case "at_once" -> atOnce(count);
      case "one_way" -> oneWay(count);
      case "list" -> repeat(count, () -> stock.list(1000).length() == 1000);
      case "big_list" -> repeat(count, () -> stock.list(BIG).length() == BIG);
      case "big_put" -> repeat(count, () -> stock.put("x".repeat(BIG)) == BIG);
      case "refuse" -> repeat(count, () -> throwing(Stock.Refused.class, () -> {
        stock.refuse();
        return null;
      }));
      case "fail" -> repeat(count, () -> throwing(RuntimeException.class, () -> {
        stock.fail();
        return null;
      }));
      case "missing" -> missing(count);
      default -> throw new IllegalArgumentException(method);
    }
  }

  private static void repeat(int count, Callable<Boolean> one) throws Exception {
    for (int i = 0; i < count; ++i)
      if (!one.call())
        throw new IllegalStateException("not as expected");
  }

  private static boolean throwing(Class<?> expected, Callable<Void> call) throws Exception {
    try {
      call.call();
    } catch (Exception e) {
      if (expected.isInstance(e))
        return true;
      throw e;
    }
    return false;
  }

  /** From eight threads. */
  private void atOnce(int count) throws Exception {
    var pool = Executors.newFixedThreadPool(8);
    var pending = new ArrayList<Future<Integer>>();
    for (int i = 0; i < count; ++i) {
      final int n = i;
      pending.add(pool.submit(() -> stock.take(n)));
    }
    for (int i = 0; i < count; ++i)
      if (pending.get(i).get() != i)
        throw new IllegalStateException("somebody else's answer");
    pool.shutdown();
  }

  /** Calls that want no answer. */
  private void oneWay(int count) {
    for (int i = 0; i < count; ++i) {
      RpcContext.getClientAttachment().setAttachment("return", "false");
      RpcContext.getServiceContext().asyncCall(() -> stock.take(1));
    }
  }

  /** A service that is not there. */
  private void missing(int count) throws Exception {
    var reference = new ReferenceConfig<GenericService>();
    reference.setInterface("Nothing");
    reference.setGeneric("true");
    reference.setUrl("dubbo://" + address + "/Nothing?serialization=hessian2");
    reference.setRetries(0);
    var nothing = reference.get();
    repeat(count, () -> throwing(RpcException.class, () -> {
      nothing.$invoke("take", new String[] {"int"}, new Object[] {1});
      return null;
    }));
    reference.destroy();
  }

  public static void main(String[] arguments) throws Exception {
    var consumer = new Consumer(arguments[0], Integer.parseInt(arguments[1]));
    for (int i = 2; i < arguments.length; ++i) {
      var said = arguments[i].split(":");
      consumer.call(said[0], Integer.parseInt(said[1]));
    }
    DubboBootstrap.getInstance().stop();
  }
}
