import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** fabric8's client. */
final class Fabric8 {
    public static void main(String[] args) throws Exception {
        Lines.serve(Fabric8::connect, Fabric8::status);
    }

    private static Lines.Get connect(String context) {
        Config config = Config.autoConfigure(context.isEmpty() ? null : context);
        // One line is one request: it tries again by itself for errors of servers only.
        KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
        return () -> {
            if (client.namespaces().withName("default").get() == null) {
                throw new IllegalStateException("no such namespace");
            }
        };
    }

    private static int status(Exception error) {
        return error instanceof KubernetesClientException k ? k.getCode() : 0;
    }
}
