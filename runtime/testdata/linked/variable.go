//go:build variable

package main

import (
	"os"
	"reflect"
)

// reflectOn looks for a method whose name the linker cannot know.
func reflectOn(err error) { reflect.ValueOf(err).MethodByName(os.Args[0]) }
