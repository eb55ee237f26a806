// Package annotations reads //resil: directives from Go source and turns them into
// policies. It remembers the position of each word for error messages.
//
// [Read] reads one file, [Link] connects the files of a package, and
// [Interface.Resolve] gives each method of an interface its policy.
package annotations
