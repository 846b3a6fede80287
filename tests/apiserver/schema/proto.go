package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// declared is a field as a generated.proto has it.
type declared struct {
	label, of, name string
}

var modules = []string{
	"k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator",
}

// compare fails where the messages are not those of the generated.proto files.
func compare(messages []*message) error {
	files, err := protoFiles()
	if err != nil {
		return err
	}
	declarations := map[string]map[int]declared{}
	for folder, path := range files {
		if err := read(path, folder, declarations); err != nil {
			return err
		}
	}
	var wrong []error
	for _, m := range messages {
		fields, ok := declarations[m.String()]
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: in no generated.proto", m))
			continue
		}
		for _, f := range m.fields {
			if err := f.compare(fields[f.number]); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: field %d: %w", m, f.number, err))
			}
			delete(fields, f.number)
		}
		for number, field := range fields {
			wrong = append(wrong, fmt.Errorf("%s: no field %d %s", m, number, field.name))
		}
	}
	return errors.Join(wrong...)
}

// protoFiles returns the generated.proto files, by the Go package that they are of.
func protoFiles() (map[string]string, error) {
	files := map[string]string{}
	for _, module := range modules {
		listed, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			return nil, fmt.Errorf("go list -m %s: %w", module, err)
		}
		root := strings.TrimSpace(string(listed))
		err = filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if filepath.Base(path) == "generated.proto" {
				folder, _ := filepath.Rel(root, filepath.Dir(path))
				files[module+"/"+filepath.ToSlash(folder)] = path
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

var (
	messageLine = regexp.MustCompile(`^message (\w+) \{`)
	fieldLine   = regexp.MustCompile(`^\s+(?:(optional|repeated) ([\w.]+)|map<string, ([\w.]+)>) (\w+) = (\d+);`)
)

func read(path, folder string, into map[string]map[int]declared) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var fields map[int]declared
	for _, line := range strings.Split(string(content), "\n") {
		if found := messageLine.FindStringSubmatch(line); found != nil {
			fields = map[int]declared{}
			into[folder+"."+found[1]] = fields
			continue
		}
		comment := strings.HasPrefix(strings.TrimSpace(line), "//")
		if !strings.Contains(line, " = ") || comment || fields == nil {
			continue
		}
		found := fieldLine.FindStringSubmatch(line)
		if found == nil {
			return fmt.Errorf("%s: %q is not understood", path, line)
		}
		field := declared{found[1], found[2], found[4]}
		if field.label == "" {
			field = declared{"map", found[3], found[4]}
		}
		var number int
		fmt.Sscan(found[5], &number)
		fields[number] = field
	}
	return nil
}

var declaredKinds = map[string]string{
	"bool": "Bool", "int32": "Int32", "int64": "Int64", "double": "Float64", "string": "Text",
	"bytes": "Bytes",
}

func (f *field) compare(with declared) error {
	label := "optional"
	switch {
	case f.has("REPEATED"):
		label = "repeated"
	case f.has("MAP"):
		label = "map"
	}
	if with.label != label {
		return fmt.Errorf("%s is %s, %s", f.name, label, with.label)
	}
	kind, isScalar := declaredKinds[with.of]
	if isScalar && kind != f.kind || !isScalar && f.isScalar() {
		return fmt.Errorf("%s is %s, %s", f.name, f.kind, with.of)
	}
	of := with.of[strings.LastIndex(with.of, ".")+1:]
	if f.kind == "Message" && of != f.message.goType.Name() {
		return fmt.Errorf("%s is %s, %s", f.name, f.message, with.of)
	}
	if plain(f.name) != plain(with.name) && !f.has("INLINE") {
		return fmt.Errorf("%s is called %s", f.name, with.name)
	}
	return nil
}

// plain is a name without what protobuf cannot have in it, or has in another case.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("$", "", "-", "").Replace(name))
}

func (f *field) isScalar() bool {
	for _, kind := range declaredKinds {
		if kind == f.kind {
			return true
		}
	}
	return false
}
