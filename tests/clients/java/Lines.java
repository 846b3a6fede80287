import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;

/** One line on standard input is one request; one line on standard output is its status. */
final class Lines {
    /** Requests a namespace. */
    interface Get {
        void run() throws Exception;
    }

    /** Makes the GET of a context; an empty name means the current one. */
    interface Connect {
        Get to(String context) throws Exception;
    }

    /** The HTTP status of an error, or 0. */
    interface StatusOf {
        int error(Exception error);
    }

    static void serve(Connect connect, StatusOf statusOf) throws Exception {
        Map<String, Get> gets = new HashMap<>();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        say("ready");
        for (String line; (line = input.readLine()) != null; ) {
            String context = line.trim();
            try {
                if (!gets.containsKey(context)) {
                    gets.put(context, connect.to(context));
                }
                gets.get(context).run();
                say("200");
            } catch (Exception error) {
                int status = statusOf.error(error);
                say(status > 0 ? String.valueOf(status) : "error " + error);
            }
        }
        System.exit(0);
    }

    private static void say(String text) {
        System.out.println(text.replaceAll("\\s+", " "));
        System.out.flush();
    }
}
