// Package directive reads the words of //resil: directives into structs whose
// tags say what there is to read. It knows no directive by name: package
// annotations and the overrides of package resil hand it their own structs.
//
// A struct with fields tagged directive is a language. A field that is a pointer
// to a struct is a directive with keys, one that is a bool is a directive
// without. The tags of a key's field are
//
//	key:"name"             the key; with ",positional" its value may stand first, without the name
//	default:"text"         the value where the directive does not give one
//	off:"text"             the value that the word off stands for
//	range:"[low,high]"     the values allowed, each end open with ( or ), or absent
//	upto:"Field"           the value may be two, as in 30s..10m; the second goes to that field, which is 0 where it is left out
//	values:"text"          what the key takes, in words, where range cannot say it
//	help:"text"            one line that says what it means
//
// Keys tagged on the language itself go with every directive.
package directive
