// Command kstatus says how kstatus, the library that Flux and Helm wait with, judges each manifest it is given: a line
// each, the status, a tab, and the path.
package main

import (
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, path := range os.Args[1:] {
		judged, err := judge(path)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
		fmt.Printf("%s\t%s\n", judged, path)
	}
}

func judge(path string) (status.Status, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	document, err := yaml.YAMLToJSON(text)
	if err != nil {
		return "", err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(document); err != nil {
		return "", err
	}
	result, err := status.Compute(object)
	if err != nil {
		return "", err
	}
	return result.Status, nil
}
