package protocol

// What the tests and fuzz targets of the parsers see.
var (
	AcceptsGzip = acceptsGzip
	FormPairs   = formPairs
	Reserved    = reserved
)
