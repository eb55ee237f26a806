package annotations

// tool is what stands in front of the colon of a directive.
const tool = "resil"

// A language has every directive there is, with the tags that package directive
// describes. The tag on lists where a directive or key may stand: interface,
// embedded, method or group, which is a comment group by itself. Without that tag
// it may stand on interfaces, embedded interfaces and methods.
type language struct {
	Interface *interfaceKeys `directive:"interface" on:"group" help:"generates an interface from the methods of another type, and its wrapper; the directives below it are the interface's"`
	Wrap      *wrapKeys      `directive:"wrap" on:"interface" help:"generates a wrapper, where no other directive already says so"`
	Profile   *profileKeys   `directive:"profile" on:"group" help:"begins a comment group of its own, and gives the directives below it a name"`
	Use       *profileKeys   `directive:"use" help:"applies the directives of a profile of the package, which those beside it refine"`
	Policy
	Allow   *allowKeys `directive:"allow" help:"waives a check that refuses a method, where the author knows better"`
	Methods []string   `key:"methods" help:"on an interface: reach just the methods that match one of these comma-separated globs"`
}

type interfaceKeys struct {
	Name string `key:"name,positional" help:"the interface's name"`
	From string `key:"from" help:"the type that has the methods: Client, s3.Client by an import of the file, import/path.Client, or Cache[string,int]; methods= says which of them, without it all that are exported"`
}

type wrapKeys struct {
	Name string `key:"name" help:"the wrapper's name; Resilient<Interface> where it is left out"`
}

// profileKeys are those of profile and of use.
type profileKeys struct {
	Name string `key:"name,positional" help:"name of the profile"`
}

type allowKeys struct {
	Code   string `key:"code,positional" help:"code of the check: RG032, RG033 or RG034"`
	Reason string `key:"reason,positional" help:"why the method is right as it is, in quotes"`
}
