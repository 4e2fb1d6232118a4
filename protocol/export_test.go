package protocol

// What the tests and fuzz targets of the parsers see.
var (
	FormPairs = formPairs
	Reserved  = reserved
)
