import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** A stand-in for MongoDB, in memory, on the port given. `deploy/servers` starts it where there is no mongod. */
public class StandIn {
    /** Today's drivers refuse what it says of itself (3.6), although all that Madang asks of it works. */
    private record Claimed() implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }

    public static void main(String[] arguments) {
        new MongoServer(new MemoryBackend().version(new Claimed())).bind("127.0.0.1", Integer.parseInt(arguments[0]));
    }
}
