package simulate

// seedJitter begins the policies' jitter again, so that a run can be repeated exactly. It
// is nil without the build tag seeded: then a page cannot be written.
var seedJitter func(seed uint64)
