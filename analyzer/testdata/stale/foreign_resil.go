package stale // want `was not written by resilgen and is left as it is; .* \[RG040\]`
