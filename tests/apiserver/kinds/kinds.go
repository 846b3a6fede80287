// Package kinds knows every kind of object that a kube-apiserver serves as protobuf.
package kinds

import (
	"reflect"
	"sort"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionv1beta1 "k8s.io/api/admission/v1beta1"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apidiscoveryv2beta1 "k8s.io/api/apidiscovery/v2beta1"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
)

// Message is what every Go type that is a protobuf message can do.
type Message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// Kind is a kind of object, and its Go type.
type Kind struct {
	APIVersion, Kind string
	Type             reflect.Type
}

// New makes an object of this kind.
func (k Kind) New() Message {
	return reflect.New(k.Type).Interface().(Message)
}

// All returns the kinds that are protobuf messages, by version and name.
func All() ([]Kind, error) {
	all := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme,
		admissionv1.AddToScheme,
		admissionv1beta1.AddToScheme,
		apidiscoveryv2.AddToScheme,
		apidiscoveryv2beta1.AddToScheme,
		imagepolicyv1alpha1.AddToScheme,
		apiextensionsv1.AddToScheme,
		apiextensionsv1beta1.AddToScheme,
		apiregistrationv1.AddToScheme,
		apiregistrationv1beta1.AddToScheme,
		metav1.AddMetaToScheme,
		metav1beta1.AddMetaToScheme,
	} {
		if err := add(all); err != nil {
			return nil, err
		}
	}
	metav1.AddToGroupVersion(all, metav1.SchemeGroupVersion)

	var kinds []Kind
	for gvk, goType := range all.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || isRepeated(gvk.Group, goType) {
			continue
		}
		kind := Kind{gvk.GroupVersion().String(), gvk.Kind, goType}
		if _, ok := reflect.New(goType).Interface().(Message); ok {
			kinds = append(kinds, kind)
		}
	}
	sort.Slice(kinds, func(a, b int) bool {
		a1, b1 := kinds[a], kinds[b]
		return a1.APIVersion < b1.APIVersion || a1.APIVersion == b1.APIVersion && a1.Kind < b1.Kind
	})
	return kinds, nil
}

// isRepeated says whether a type is one of those that every group has again, such as its options and
// its watch events.
func isRepeated(group string, goType reflect.Type) bool {
	isMeta := strings.HasPrefix(goType.PkgPath(), "k8s.io/apimachinery/pkg/apis/meta/")
	return isMeta && group != "" && group != metav1.GroupName
}
