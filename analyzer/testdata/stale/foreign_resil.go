package stale // want `was not written by resilgen and stays as it is; .* \[RG040\]`
