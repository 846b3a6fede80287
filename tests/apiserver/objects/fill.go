package main

import (
	"math/rand"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"

	"kcc.test/apiserver/kinds"
)

// What texts and JSON are taken from. Protobuf can carry what is not UTF-8.
var (
	texts = []string{
		"", "a", "name", "x-1", "\u00e9", "\U0001f980\n\"", "\u2028<&>", "0", "true", "bad \xff\xe2\x82",
		"a text that is longer than most of those that are shorter than a text that is longer than a hundred",
	}
	jsons = []string{`{}`, `{"kind":"X","a":[1,-2.5e3,null,"s",{"b":true}]}`, `7`, `"s"`, `[[]]`, `18446744073709551615`}
	// In the order of their size, and Go's zero.
	quantities = []string{"0", "1", "100m", "1.5", "0.5Gi", "1e3", "12Ki", "-3", "123456789012345678901", "1n", "17u"}
)

const (
	// The years from 1 to 9999, in seconds.
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// filler fills objects with what matters: zeros, the largest and smallest numbers, odd texts.
type filler struct {
	fuzzer *randfill.Filler
}

func newFiller(seed int64) filler {
	fuzzer := randfill.New().RandSource(rand.NewSource(seed)).NilChance(0.5).NumElements(0, 3).MaxDepth(12)
	return filler{fuzzer.Funcs(
		func(t *string, c randfill.Continue) { *t = texts[c.Intn(len(texts))] },
		func(n *int32, c randfill.Continue) {
			*n = []int32{0, 1, -1, 1 << 30, -1 << 31, int32(c.Uint64())}[c.Intn(6)]
		},
		func(n *int64, c randfill.Continue) {
			*n = []int64{0, 1, -1, 1 << 62, -1 << 63, int64(c.Uint64())}[c.Intn(6)]
		},
		func(n *float64, c randfill.Continue) {
			*n = []float64{0, 1, -7, 0.1, 1e21, 1e20, -2.5e-7, c.NormFloat64()}[c.Intn(8)]
		},
		// In the envelope only.
		func(*metav1.TypeMeta, randfill.Continue) {},
		fillTime, fillMicroTime, fillQuantity, fillIntOrString, fillRaw, fillFields,
		func(d *metav1.Duration, c randfill.Continue) { d.Duration = duration(c) },
		func(j *apiextensionsv1.JSON, c randfill.Continue) { j.Raw = anyJSON(c) },
		func(j *apiextensionsv1beta1.JSON, c randfill.Continue) { j.Raw = anyJSON(c) },
	)}
}

func (f filler) fill(object kinds.Message) kinds.Message {
	f.fuzzer.Fill(object)
	return object
}

func second(c randfill.Continue) int64 {
	switch c.Intn(3) {
	case 0:
		return firstSecond + c.Int63n(lastSecond-firstSecond)
	default:
		return int64(c.Int31())
	}
}

func fillTime(t *metav1.Time, c randfill.Continue) {
	*t = metav1.Time{}
	if c.Intn(5) > 0 {
		*t = metav1.Unix(second(c), 0)
	}
}

func fillMicroTime(t *metav1.MicroTime, c randfill.Continue) {
	*t = metav1.MicroTime{}
	if c.Intn(5) > 0 {
		*t = metav1.MicroTime{Time: time.Unix(second(c), int64(c.Intn(1e9)))}
	}
}

func duration(c randfill.Continue) time.Duration {
	return []time.Duration{0, time.Nanosecond, 1500, time.Hour, -time.Minute, time.Duration(c.Uint64())}[c.Intn(6)]
}

func fillQuantity(q *resource.Quantity, c randfill.Continue) {
	*q = resource.Quantity{}
	if i := c.Intn(len(quantities) + 1); i < len(quantities) {
		*q = resource.MustParse(quantities[i])
	}
}

func fillIntOrString(i *intstr.IntOrString, c randfill.Continue) {
	switch c.Intn(3) {
	case 0:
		*i = intstr.FromInt32(int32(c.Uint64()))
	case 1:
		*i = intstr.FromInt32(0)
	default:
		*i = intstr.FromString(texts[c.Intn(len(texts))])
	}
}

func fillRaw(r *runtime.RawExtension, c randfill.Continue) {
	r.Raw = anyJSON(c)
}

func fillFields(f *metav1.FieldsV1, c randfill.Continue) {
	f.SetRawString(`{"f:metadata":{"f:labels":{".":{}}}}`)
}

// anyJSON is null, too.
func anyJSON(c randfill.Continue) []byte {
	if i := c.Intn(len(jsons) + 1); i < len(jsons) {
		return []byte(jsons[i])
	}
	return nil
}
