// Package directive reads the words of //resil: directives into structs. The tags
// of a struct say what can be read into it. The package knows no directive by
// name: package annotations and the overrides of package resil hand it their own
// structs.
//
// A language is a struct with fields tagged directive. A field that points to a
// struct is a directive with keys, a field of type bool is a directive without.
// The tags of a key's field are
//
//	key:"name"        the key; with ",positional" the value may stand first, without the key
//	default:"text"    the value when the directive does not give one
//	off:"text"        the value that the word off stands for
//	range:"[1,100]"   the values allowed; ( or ) instead of a bracket excludes that end, and an end may be left out
//	upto:"Field"      the value may be two, as in 30s..10m; the second goes to that field, which is 0 where it is left out
//	values:"text"     what the key takes, in words, where range cannot say it
//	help:"text"       one line that says what the key means
//
// Keys that are tagged on the language itself belong to every directive.
//
// All functions may be called concurrently, as long as no two calls write to the
// same struct.
package directive
