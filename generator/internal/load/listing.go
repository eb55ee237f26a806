package load

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
)

// A listing is which packages the patterns match, and of which sources. It saves
// a run from asking the go command again where none has come or gone. Outputs of
// the generator are not in it: they come and go.
type listing struct {
	Seen    digests
	Matched []*listed
}

const listingSuffix = ".list"

// listing returns the packages that an earlier run has found if they would be the
// same now, else nil.
func (r *recorder) listing() []*listed {
	var old listing
	if !r.recall(listingSuffix, &old) || !old.Seen.hold() {
		return nil
	}
	return old.Matched
}

// saveListing keeps what the loader has found.
func (l *Loader) saveListing(w *witness) {
	if l.recalled || l.lost {
		return
	}
	seen, err := l.seenMatched()
	if err != nil {
		return
	}
	made := listing{Matched: l.matched}
	for _, p := range made.Matched {
		p.Error = nil // it tells nothing where no file is lost
		sources := 0
		for _, names := range []*[]string{&p.GoFiles, &p.CgoFiles, &p.TestGoFiles, &p.XTestGoFiles} {
			*names = slices.DeleteFunc(*names, func(name string) bool { return l.outputs[filepath.Join(p.Dir, name)] })
			sources += len(*names)
		}
		if sources == 0 {
			return // its outputs are to go, and then nothing is left of it
		}
	}
	w.heads = true
	if made.Seen, err = w.digests(seen); err == nil {
		l.recorder.keep(listingSuffix, made)
	}
}

// head is what of a source decides how the go command lists it: all up to the end
// of its imports.
func head(src []byte) []byte {
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
