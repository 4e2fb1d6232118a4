package sse

// Held returns how many bytes the decoder's buffers for a line and for an event hold.
func (d *Decoder) Held() (line, event int) {
	return len(d.lines.buf), cap(d.data)
}
