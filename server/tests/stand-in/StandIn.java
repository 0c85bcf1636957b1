// A server in memory that speaks MongoDB's protocol, for tests on machines without a MongoDB of their own. pom.xml
// says how it is started. The first argument is the port on 127.0.0.1; 0 takes a free one. It prints its address once
// it listens, and runs until it is killed; everything in it is gone then.

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;
import java.util.List;

public final class StandIn {
    // The driver refuses servers that are older than this one.
    private static final MongoVersion MONGO_4_4 = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    };

    public static void main(String[] args) {
        MemoryBackend backend = new MemoryBackend();
        backend.version(MONGO_4_4);
        MongoServer server = new MongoServer(backend);
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
        server.bind(new InetSocketAddress("127.0.0.1", port));
        InetSocketAddress bound = server.getLocalAddress();
        System.out.println("mongodb://127.0.0.1:" + bound.getPort());
    }
}
