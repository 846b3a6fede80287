// Command schema prints the table by which kcache reads Kubernetes' protobuf: for each message its
// fields, with their names in JSON.
//
// The truth are the Go types, as reflection shows them: the struct tags know the names in JSON and the
// numbers, the types themselves know what is on the wire. What comes of it is compared with every
// generated.proto before anything is printed.
package main

import (
	"bufio"
	"fmt"
	"os"

	"kcc.test/apiserver/kinds"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run() error {
	all, err := kinds.All()
	if err != nil {
		return err
	}
	messages := walk(all)
	if err := compare(messages); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	newTable(all, messages).print(out)
	return out.Flush()
}
