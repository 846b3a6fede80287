// Command objects prints random objects of every kind, each as JSON and as protobuf.
//
// The JSON is that of what was read back from protobuf, as an API server has it from etcd. What is
// printed is a row of texts, each after its length in four bytes: apiVersion, kind, JSON, message.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kcc.test/apiserver/kinds"
)

func main() {
	count := flag.Int("n", 100, "objects of each kind")
	seed := flag.Int64("seed", 1, "what they are a function of")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	if err := run(out, *count, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "objects:", err)
		os.Exit(1)
	}
	if err := out.Flush(); err != nil {
		os.Exit(1)
	}
}

func run(out io.Writer, count int, seed int64) error {
	all, err := kinds.All()
	if err != nil {
		return err
	}
	for index, kind := range all {
		filler := newFiller(seed + int64(index)<<32)
		for range count {
			message, object, err := both(kind, filler.fill(kind.New()))
			if err != nil {
				return fmt.Errorf("%s %s: %w", kind.APIVersion, kind.Kind, err)
			}
			for _, text := range [][]byte{[]byte(kind.APIVersion), []byte(kind.Kind), object, message} {
				if err := write(out, text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// both returns an object's message and its JSON.
func both(kind kinds.Kind, object kinds.Message) (message, text []byte, err error) {
	message, err = object.Marshal()
	if err != nil {
		return nil, nil, err
	}
	again := kind.New()
	if err := again.Unmarshal(message); err != nil {
		return nil, nil, err
	}
	types := reflect.ValueOf(again).Elem().FieldByName("TypeMeta")
	if types.IsValid() {
		types.Set(reflect.ValueOf(metav1.TypeMeta{APIVersion: kind.APIVersion, Kind: kind.Kind}))
	}
	text, err = json.Marshal(again)
	return message, text, err
}

func write(out io.Writer, text []byte) error {
	if err := binary.Write(out, binary.LittleEndian, uint32(len(text))); err != nil {
		return err
	}
	_, err := out.Write(text)
	return err
}
