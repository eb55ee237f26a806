// Command linked classifies an error of a type with a method that nobody calls.
package main

import (
	"fmt"

	resil "github.com/resilgen/resilgen/runtime"
)

type odd struct{}

func (odd) Error() string { return "odd" }

//go:noinline
func (odd) MethodThatNobodyCalls() string { return "never" }

func main() {
	fmt.Println(resil.ClassOf(odd{}))
	reflectOn(odd{})
}
