// Package simulation plays what many clients and one backend do to each other. A
// fleet goes through a fault in virtual time, on the engine that generated code uses,
// so that minutes take moments. The package's tests hold the default policies to what
// they promise. The page on behaviour in the manual shows the same scenarios.
package simulation
