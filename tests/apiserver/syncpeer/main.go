// Command syncpeer is client-go as a client of `cargo xtask bench sync`: a shared informer of all Pods
// with one event handler. It says `synced`, then `done` with the number of updates that the handler
// got, and `done` once more after the second list, and after each, when it reads a line, what it has.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func main() {
	protobuf := flag.Bool("protobuf", false, "request protobuf instead of JSON")
	transform := flag.String("transform", "", "what is kept of a Pod: trimmed or small; all by default")
	url := flag.String("url", "", "where the server is")
	last := flag.String("last", "", "the version of the Pod that ends the updates")
	second := flag.String("second", "", "the version of a Pod that is new in the second list")
	flag.Parse()
	if err := run(*url, *protobuf, transforms[*transform], *last, *second); err != nil {
		fmt.Fprintln(os.Stderr, "syncpeer:", err)
		os.Exit(1)
	}
}

func run(url string, protobuf bool, transform cache.TransformFunc, markers ...string) error {
	config := &rest.Config{Host: url}
	if protobuf {
		config.ContentType = "application/vnd.kubernetes.protobuf"
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	pods := informers.NewSharedInformerFactory(client, 0).Core().V1().Pods().Informer()
	if transform != nil {
		if err := pods.SetTransform(transform); err != nil {
			return err
		}
	}
	done := make(chan int, 1)
	handler, err := pods.AddEventHandler(counter(markers, done))
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	go pods.Run(stop)
	if !cache.WaitForCacheSync(stop, handler.HasSynced) {
		return fmt.Errorf("never synced")
	}
	lines := bufio.NewScanner(os.Stdin)
	fmt.Println("synced")
	answer(lines, pods.GetStore())
	for range markers {
		fmt.Println("done", <-done)
		answer(lines, pods.GetStore())
	}
	lines.Scan()
	return nil
}

// counter counts updates, and tells how many there were when one of the markers comes. client-go calls one
// handler from one goroutine.
func counter(markers []string, done chan<- int) cache.ResourceEventHandler {
	updates := 0
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if slices.Contains(markers, version(object)) {
				done <- updates
			}
		},
		UpdateFunc: func(_, _ any) { updates++ },
	}
}

// answer gives memory back that nothing uses, and then says what the store has.
func answer(lines *bufio.Scanner, store cache.Store) {
	lines.Scan()
	debug.FreeOSMemory()
	fmt.Println("collected")
	lines.Scan()
	var sum uint64
	objects := store.List()
	for _, object := range objects {
		sum += printOf(object)
	}
	fmt.Println(len(objects), strconv.FormatUint(sum, 10))
}
