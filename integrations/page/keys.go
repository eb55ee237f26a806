package resilpage

import resil "github.com/resilgen/resilgen/runtime"

// keyStates counts the keys of a breaker by state.
func keyStates(b *resil.BreakerStats) [5]int { return [5]int{} }

// worstKeys are those of a breaker that is kept by key.
func worstKeys(s *resil.Stats, breaker string, n int) []resil.BreakerStats { return nil }

func policyOf(p *resil.Policies) string         { return "" }
func wordsOf(p *resil.Policies) []string        { return nil }
