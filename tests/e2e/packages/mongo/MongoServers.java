// SPDX-License-Identifier: Apache-2.0
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

/** MongoServers PORT OLD_PORT: two servers, of today's messages and of the operations before them. */
public final class MongoServers {
    public static void main(String[] arguments) {
        start(ServerVersion.MONGO_3_6, arguments[0]);
        start(ServerVersion.MONGO_3_0, arguments[1]);
    }

    private static void start(ServerVersion version, String port) {
        new MongoServer(new MemoryBackend().version(version)).bind("0.0.0.0", Integer.parseInt(port));
    }
}
