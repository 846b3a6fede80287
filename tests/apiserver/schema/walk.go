package main

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"kcc.test/apiserver/kinds"
)

// field is one field of a message. Its kind, its flags are names in Rust.
type field struct {
	number  int
	name    string
	kind    string
	flags   []string
	message *message
}

func (f *field) has(flag string) bool {
	for _, known := range f.flags {
		if known == flag {
			return true
		}
	}
	return false
}

type message struct {
	goType   reflect.Type
	hasTypes bool
	fields   []*field
}

func (m *message) String() string {
	return m.goType.PkgPath() + "." + m.goType.Name()
}

// What Go prints in its own way.
var special = map[reflect.Type]string{
	reflect.TypeOf(metav1.Time{}):          "Time",
	reflect.TypeOf(metav1.MicroTime{}):     "MicroTime",
	reflect.TypeOf(metav1.Duration{}):      "Duration",
	reflect.TypeOf(metav1.FieldsV1{}):      "Json",
	reflect.TypeOf(intstr.IntOrString{}):   "IntOrString",
	reflect.TypeOf(resource.Quantity{}):    "Quantity",
	reflect.TypeOf(runtime.RawExtension{}): "Json",

	reflect.TypeOf(apiextensionsv1.JSON{}):                              "Json",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrArray{}):            "OneOrMany",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrBool{}):             "OneOrBool",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrStringArray{}):      "OneOrTexts",
	reflect.TypeOf(apiextensionsv1beta1.JSON{}):                         "Json",
	reflect.TypeOf(apiextensionsv1beta1.JSONSchemaPropsOrArray{}):       "OneOrMany",
	reflect.TypeOf(apiextensionsv1beta1.JSONSchemaPropsOrBool{}):        "OneOrBool",
	reflect.TypeOf(apiextensionsv1beta1.JSONSchemaPropsOrStringArray{}): "OneOrTexts",
}

var scalars = map[reflect.Kind]string{
	reflect.Bool:    "Bool",
	reflect.Int32:   "Int32",
	reflect.Int64:   "Int64",
	reflect.Int:     "Int64",
	reflect.Float64: "Float64",
	reflect.String:  "Text",
}

type walker struct {
	messages []*message
	known    map[reflect.Type]*message
}

// walk returns the messages of these kinds and all that they consist of.
func walk(all []kinds.Kind) []*message {
	w := walker{known: map[reflect.Type]*message{}}
	for _, kind := range all {
		w.message(kind.Type)
	}
	return w.messages
}

func (w *walker) message(goType reflect.Type) *message {
	if m, ok := w.known[goType]; ok {
		return m
	}
	if !isMessage(goType) {
		panic(goType.String() + " is no message")
	}
	m := &message{goType: goType}
	w.messages = append(w.messages, m)
	w.known[goType] = m
	for i := 0; i < goType.NumField(); i++ {
		f := goType.Field(i)
		switch tag := f.Tag.Get("protobuf"); {
		case f.Type == reflect.TypeOf(metav1.TypeMeta{}):
			m.hasTypes = true
		case tag == "-":
		case tag == "":
			// Go's JSON would have it, and protobuf would not.
			if f.Tag.Get("json") != "-" {
				panic(fmt.Sprintf("%s.%s: no number", m, f.Name))
			}
		default:
			m.fields = append(m.fields, w.field(f, fmt.Sprintf("%s.%s", m, f.Name), tag))
		}
	}
	sort.Slice(m.fields, func(a, b int) bool { return m.fields[a].number < m.fields[b].number })
	return m
}

func (w *walker) field(goField reflect.StructField, where, tag string) *field {
	number, err := strconv.Atoi(strings.Split(tag, ",")[1])
	if err != nil || number < 1 || number > 255 {
		panic(where + ": " + tag)
	}
	name, options, _ := strings.Cut(goField.Tag.Get("json"), ",")
	f := &field{number: number, name: name}
	goType := goField.Type
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
		f.flags = append(f.flags, "POINTER")
	}
	switch {
	case name == "" && goField.Anonymous:
		f.flags = append(f.flags, "INLINE")
	case name == "":
		// A type that prints itself: the name is nowhere in JSON.
		_, f.name, _ = strings.Cut(tag, "name=")
	}
	goType = w.collection(f, goType, where)
	f.kind, f.message = w.kind(goType, where)
	if f.has("INLINE") && f.kind != "Message" {
		panic(where + ": inline")
	}
	omitsZero := strings.Contains(options, "omitzero")
	if omitsZero && f.kind != "Time" {
		panic(where + ": omitzero")
	}
	if strings.Contains(options, "omitempty") && (omitsZero || f.canBeOmitted(goType)) {
		f.flags = append(f.flags, "OMITTED")
	}
	if goField.Name == "ManagedFields" && strings.HasSuffix(where, "v1.ObjectMeta.ManagedFields") {
		f.flags = append(f.flags, "MANAGED")
	}
	return f
}

// collection notes that a field is a list or a map, and returns what it is of.
func (w *walker) collection(f *field, goType reflect.Type, where string) reflect.Type {
	if _, ok := special[goType]; ok || isMessage(goType) {
		return goType
	}
	switch goType.Kind() {
	case reflect.Map:
		if goType.Key().Kind() != reflect.String || goType.Elem().Kind() == reflect.Pointer {
			panic(where + ": " + goType.String())
		}
		f.flags = append(f.flags, "MAP")
		return goType.Elem()
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return goType
		}
		f.flags = append(f.flags, "REPEATED")
		if goType.Elem().Kind() == reflect.Pointer {
			return goType.Elem().Elem()
		}
		return goType.Elem()
	}
	return goType
}

func (w *walker) kind(goType reflect.Type, where string) (string, *message) {
	if kind, ok := special[goType]; ok {
		if strings.HasPrefix(kind, "One") {
			return kind, w.message(goType)
		}
		return kind, nil
	}
	if kind, ok := scalars[goType.Kind()]; ok {
		return kind, nil
	}
	switch {
	case goType.Kind() == reflect.Struct:
		return "Message", w.message(goType)
	case goType.Kind() == reflect.Slice && goType.Elem().Kind() == reflect.Uint8:
		return "Bytes", nil
	case goType.Kind() == reflect.Slice && goType.Elem().Kind() == reflect.String && isMessage(goType):
		return "Texts", nil
	}
	panic(where + ": " + goType.String())
}

// isMessage says whether a type is a message of its own. Named slices can be one, too.
func isMessage(goType reflect.Type) bool {
	return goType.Name() != "" && reflect.PointerTo(goType).Implements(reflect.TypeFor[kinds.Message]())
}

// canBeOmitted says whether omitempty leaves out a value that protobuf has. Of a pointer it has none
// that is nil, and of lists and maps none that is empty.
func (f *field) canBeOmitted(goType reflect.Type) bool {
	return goType.Kind() != reflect.Struct && !f.has("POINTER") && !f.has("REPEATED") && !f.has("MAP")
}
