package main

import (
	"fmt"
	"io"
	"os/exec"
	"reflect"
	"slices"
	"strings"

	"kcc.test/apiserver/kinds"
)

// table is what is printed: messages that cannot be told apart by their fields are one.
type table struct {
	kinds []kinds.Kind
	// The first message of each class, and how many there are.
	first []*message
	count []int
	class map[*message]int
	types map[reflect.Type]*message
}

func newTable(all []kinds.Kind, messages []*message) *table {
	t := &table{kinds: all, class: classes(messages), types: map[reflect.Type]*message{}}
	for _, m := range messages {
		t.types[m.goType] = m
		class := t.class[m]
		if class == len(t.first) {
			t.first = append(t.first, m)
			t.count = append(t.count, 0)
		}
		t.count[class]++
	}
	return t
}

// classes gives equal messages the same number. All are equal at first, and are told apart until
// nothing changes any more, since messages can contain themselves.
func classes(messages []*message) map[*message]int {
	class := map[*message]int{}
	for count := 0; ; {
		byContent := map[string]int{}
		next := map[*message]int{}
		for _, m := range messages {
			content := m.content(class)
			number, ok := byContent[content]
			if !ok {
				number = len(byContent)
				byContent[content] = number
			}
			next[m] = number
		}
		class = next
		if len(byContent) == count {
			return class
		}
		count = len(byContent)
	}
}

// content is all that is printed of a message.
func (m *message) content(class map[*message]int) string {
	constructor := "plain"
	if m.hasTypes {
		constructor = "object"
	}
	var fields []string
	for _, f := range m.fields {
		fields = append(fields, f.content(class))
	}
	return fmt.Sprintf("%s(&[%s])", constructor, strings.Join(fields, ", "))
}

// letters are the flags' names in Rust.
var letters = map[string]string{
	"REPEATED": "R", "MAP": "M", "INLINE": "I", "POINTER": "P", "OMITTED": "O", "MANAGED": "G",
}

func (f *field) content(class map[*message]int) string {
	flags := "0"
	if len(f.flags) > 0 {
		var used []string
		for _, flag := range f.flags {
			used = append(used, letters[flag])
		}
		flags = strings.Join(used, "|")
	}
	switch {
	case f.message == nil:
		return fmt.Sprintf("f(%d, %q, %s, %s)", f.number, f.name, f.kind, flags)
	case f.kind == "Message":
		return fmt.Sprintf("m(%d, %q, &A[%d], %s)", f.number, f.name, class[f.message], flags)
	default:
		return fmt.Sprintf("s(%d, %q, %s, &A[%d], %s)", f.number, f.name, f.kind, class[f.message], flags)
	}
}

func (t *table) print(out io.Writer) {
	fmt.Fprintf(out, "// Made by `cargo xtask schema` (tests/apiserver/schema) from the Go types of %s; not edited.\n\n", versions())
	fmt.Fprintf(out, "use super::message::Kind::{%s};\n", strings.Join(t.fieldKinds(), ", "))
	fmt.Fprintln(out, "use super::message::Message;")
	fmt.Fprintln(out, "use super::message::build::{G, I, M, O, P, R, f, m, object, plain, s};")

	fmt.Fprintln(out, "\n// Messages that cannot be told apart are one.")
	fmt.Fprintf(out, "pub(super) static A: [Message; %d] = [\n", len(t.first))
	for class, m := range t.first {
		others := ""
		if t.count[class] > 1 {
			others = fmt.Sprintf(" and %d more", t.count[class]-1)
		}
		fmt.Fprintf(out, "    // %d: %s%s\n", class, m, others)
		printWrapped(out, m.content(t.class)+",")
	}
	fmt.Fprintln(out, "];")

	t.printKinds(out)
}

// fieldKinds are the kinds of fields that there are, but for messages.
func (t *table) fieldKinds() []string {
	var names []string
	for _, m := range t.first {
		for _, f := range m.fields {
			if f.kind != "Message" {
				names = append(names, f.kind)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (t *table) printKinds(out io.Writer) {
	byVersion := map[string][]string{}
	var order []string
	for _, kind := range t.kinds {
		if byVersion[kind.APIVersion] == nil {
			order = append(order, kind.APIVersion)
		}
		class := t.class[t.types[kind.Type]]
		byVersion[kind.APIVersion] = append(byVersion[kind.APIVersion], fmt.Sprintf("(%q, &A[%d])", kind.Kind, class))
	}
	fmt.Fprintf(out, "\npub(super) static KINDS: [(&str, &[(&str, &Message)]); %d] = [\n", len(order))
	for _, version := range order {
		printWrapped(out, fmt.Sprintf("(%q, &[%s]),", version, strings.Join(byVersion[version], ", ")))
	}
	fmt.Fprintln(out, "];")
}

// printWrapped prints code in lines that are not too long. Names have no blanks.
func printWrapped(out io.Writer, code string) {
	const indent, width = "    ", 120
	line := indent
	for _, part := range strings.SplitAfter(code, "), ") {
		if len(line)+len(part) > width && line != indent {
			fmt.Fprintln(out, strings.TrimRight(line, " "))
			line = indent + indent
		}
		line += part
	}
	fmt.Fprintln(out, line)
}

func versions() string {
	listed, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "k8s.io/api").Output()
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(listed))
}
