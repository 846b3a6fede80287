package main

import (
	"fmt"
	"hash/fnv"
	"io"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

var transforms = map[string]cache.TransformFunc{"trimmed": trimmed, "small": toSmall}

// trimmed is what most operators set that mind their memory.
func trimmed(object any) (any, error) {
	if of, ok := object.(metav1.Object); ok {
		of.SetManagedFields(nil)
	}
	return object, nil
}

// small is what a program that reads six fields keeps of a Pod. Of metav1.Object it has what
// client-go's stores call.
type small struct {
	metav1.Object
	namespace, name, version, node, phase string
	uid                                   types.UID
}

func (s *small) GetNamespace() string       { return s.namespace }
func (s *small) GetName() string            { return s.name }
func (s *small) GetUID() types.UID          { return s.uid }
func (s *small) GetResourceVersion() string { return s.version }

func toSmall(object any) (any, error) {
	pod, ok := object.(*v1.Pod)
	if !ok {
		return object, nil
	}
	return &small{
		namespace: pod.Namespace,
		name:      pod.Name,
		uid:       pod.UID,
		version:   pod.ResourceVersion,
		node:      pod.Spec.NodeName,
		phase:     string(pod.Status.Phase),
	}, nil
}

func version(object any) string {
	return object.(metav1.Object).GetResourceVersion()
}

// printOf is a sum over all that shows whether the Pod is the right one, as in pods.rs.
func printOf(object any) uint64 {
	hash := fnv.New64a()
	of := object.(metav1.Object)
	write(hash, of.GetNamespace(), of.GetName(), string(of.GetUID()), of.GetResourceVersion())
	switch pod := object.(type) {
	case *small:
		write(hash, pod.node, pod.phase)
	case *v1.Pod:
		variables, ready := 0, 0
		for _, container := range pod.Spec.Containers {
			variables += len(container.Env)
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Status == v1.ConditionTrue {
				ready++
			}
		}
		write(hash, pod.Spec.NodeName, string(pod.Status.Phase))
		write(hash, fmt.Sprint(len(pod.Spec.Containers)), fmt.Sprint(variables), fmt.Sprint(ready))
	}
	return hash.Sum64()
}

func write(hash io.Writer, parts ...string) {
	for _, part := range parts {
		io.WriteString(hash, part+"\n")
	}
}
