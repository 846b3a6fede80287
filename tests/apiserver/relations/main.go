// Command relations prints random small clusters, and who relates to whom in them by the code of the
// controllers: one JSON object a line, with the objects of each kind and the pairs of each relation.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
)

func main() {
	count := flag.Int("n", 100, "clusters")
	seed := flag.Int64("seed", 1, "what they are a function of")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	if err := run(out, *count, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "relations:", err)
		os.Exit(1)
	}
	if err := out.Flush(); err != nil {
		os.Exit(1)
	}
}

func run(out io.Writer, count int, seed int64) error {
	encoder := json.NewEncoder(out)
	for index := range count {
		random := chooser{rand.New(rand.NewSource(seed + int64(index)))}
		// As one who reads the JSON has it: what is empty and left out is not there.
		text, err := json.Marshal(random.cluster())
		if err != nil {
			return err
		}
		var made cluster
		if err := json.Unmarshal(text, &made); err != nil {
			return err
		}
		verdicts, err := made.verdicts()
		if err != nil {
			return err
		}
		if err := encoder.Encode(map[string]any{"objects": made, "verdicts": verdicts}); err != nil {
			return err
		}
	}
	return nil
}
