package annotations

import "github.com/resilgen/resilgen/internal/directive"

// tool is what stands in front of the colon of a directive.
const tool = directive.Tool

// A language has every directive there is, with the tags that package directive
// describes. The tag on lists where a directive or key may stand: interface,
// embedded, method or group, which is a comment group by itself. Without that tag
// it may stand on interfaces, embedded interfaces and methods.
type language struct {
	Interface *interfaceKeys `directive:"interface" example:"interface Objects from=github.com/aws/aws-sdk-go-v2/service/s3.Client methods=GetObject,List*" on:"group" help:"generates an interface from the methods of another type, and its wrapper; the directives below it are the interface's"`
	Wrap      *wrapKeys      `directive:"wrap" example:"wrap name=SafeStore" on:"interface" help:"generates a wrapper for an interface that has no other directive, or names the wrapper"`
	Profile   *profileKeys   `directive:"profile" example:"profile internal" on:"group" help:"gives a name to the directives below it"`
	Use       *profileKeys   `directive:"use" example:"use internal methods=Get*" help:"applies a profile of the package; the directives beside it refine the profile"`
	Policy
	Allow   *allowKeys `directive:"allow" example:"allow RG032 \"the server knows the key of a repeated request\"" help:"waives a check that refuses a method, for a reason that the author gives"`
	Methods []string   `key:"methods" help:"on an interface: the directive reaches only the methods that match one of these comma-separated patterns"`
}

type interfaceKeys struct {
	Name string `key:"name,positional" help:"the interface's name"`
	From string `key:"from" help:"the type that has the methods: Client, s3.Client for an import of the file, import/path.Client, or Cache[string,int]; methods= chooses among them, without it all that are exported"`
}

type wrapKeys struct {
	Name string `key:"name" help:"the wrapper's name; without it Resilient<Interface>"`
}

// profileKeys are those of profile and of use.
type profileKeys struct {
	Name string `key:"name,positional" help:"name of the profile"`
}

type allowKeys struct {
	Code   string `key:"code,positional" help:"code of the check: RG032, RG033 or RG034"`
	Reason string `key:"reason,positional" help:"why the method is right as it is, in quotes"`
}
