import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import java.io.File;
import java.io.FileReader;

/** The official client, client-java. */
final class ClientJava {
    public static void main(String[] args) throws Exception {
        Lines.serve(ClientJava::connect, ClientJava::status);
    }

    private static Lines.Get connect(String context) throws Exception {
        File file = new File(System.getenv("KUBECONFIG"));
        try (FileReader reader = new FileReader(file)) {
            KubeConfig config = KubeConfig.loadKubeConfig(reader);
            config.setFile(file);
            if (!context.isEmpty()) {
                config.setContext(context);
            }
            CoreV1Api api = new CoreV1Api(ClientBuilder.kubeconfig(config).build());
            return () -> api.readNamespace("default").execute();
        }
    }

    private static int status(Exception error) {
        return error instanceof ApiException api ? api.getCode() : 0;
    }
}
