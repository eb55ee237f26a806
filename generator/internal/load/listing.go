package load

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
)

// listingSuffix is for the packages that the patterns match, with their sources.
// With them, a run need not ask the go command as long as no source comes or goes.
// Outputs of the generator are not among the sources: they come and go.
const listingSuffix = ".list"

// listing returns the packages that an earlier run has found, or nil if they may be
// others by now.
func (c *cache) listing() []*listedPackage {
	old, _ := recall[[]*listedPackage](c, listingSuffix)
	return old
}

// storeListing stores the packages that this run has found.
func (l *Loader) storeListing(d *digester) {
	if l.recalled || l.incomplete {
		return
	}
	in, err := l.patternInputs()
	if err != nil {
		return
	}
	for _, p := range l.matched {
		p.Error = nil // it tells nothing where the files are complete
		sources := 0
		for _, names := range []*[]string{&p.GoFiles, &p.CgoFiles, &p.TestGoFiles, &p.XTestGoFiles} {
			*names = slices.DeleteFunc(*names, func(name string) bool { return l.outputs[filepath.Join(p.Dir, name)] })
			sources += len(*names)
		}
		if sources == 0 {
			return // the next run removes its outputs, and then there is no such package
		}
	}
	d.headersOnly = true
	store(l.cache, listingSuffix, l.matched, in, d)
}

// header returns the part of a source that decides how the go command lists it: all
// up to the end of its imports.
func header(src []byte) []byte {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return src
	}
	end := f.Name.End()
	for _, decl := range f.Decls {
		end = max(end, decl.End())
	}
	return src[:fset.File(f.FileStart).Offset(end)]
}
