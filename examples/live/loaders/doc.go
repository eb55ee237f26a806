// Package loaders shows how overrides come out of an environment variable, out of koanf and
// viper, and out of a flag of OpenFeature. Each function returns the type that
// [resil.WithOverrides] and [resil.Client.Apply] take. It is a module of its own, because of
// what it imports.
package loaders
