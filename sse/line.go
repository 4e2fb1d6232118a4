package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// firstBuffer is the size of the buffer until a line does not fit. Most streams never need more.
	firstBuffer = 4 << 10

	// maxEmptyReads is how many times in a row a reader may return neither bytes nor an error.
	maxEmptyReads = 100

	byteOrderMark = "\xEF\xBB\xBF"
)

// lineReader splits a stream into lines, which CR, LF and CRLF end. It reads only when it holds no
// whole line, and a line that ends in CR is whole: the LF that may follow is skipped when it comes,
// not waited for. A last line without a line end is dropped (§9.2.6: so is the block it is in).
//
// Each byte is searched once for LF and once for CR and moved at most once within the buffer, however
// finely the stream is chopped.
type lineReader struct {
	r   io.Reader
	max int // longest line

	buf        []byte
	start, end int // buf[start:end] is what has been read and not yet returned
	lf, cr     int // none in buf[start:lf], buf[start:cr]

	begun  bool  // past the place where a byte order mark may be
	skipLF bool  // the last line ended in CR
	err    error // of r, to be returned when the lines in buf are used up
}

// next returns the next line without its line end. The slice is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for !l.begun {
		if err := l.skipByteOrderMark(); err != nil {
			return nil, err
		}
	}
	for {
		if l.skipLF && l.start < l.end {
			if l.buf[l.start] == '\n' {
				l.start++
			}
			l.skipLF = false
		}
		l.lf = l.find('\n', max(l.lf, l.start))
		l.cr = l.find('\r', max(l.cr, l.start))
		end := min(l.lf, l.cr)
		if end-l.start > l.max {
			return nil, &LimitError{What: "line", Limit: l.max}
		}
		if end < l.end {
			line := l.buf[l.start:end]
			l.skipLF = l.buf[end] == '\r'
			l.start = end + 1
			return line, nil
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// find returns the index of the first c in buf[from:end], or end.
func (l *lineReader) find(c byte, from int) int {
	if i := bytes.IndexByte(l.buf[from:l.end], c); i >= 0 {
		return from + i
	}
	return l.end
}

// skipByteOrderMark takes one step towards knowing whether the stream begins with a byte order mark.
func (l *lineReader) skipByteOrderMark() error {
	head := l.buf[l.start:min(l.end, len(byteOrderMark))]
	if string(head) != byteOrderMark[:len(head)] {
		l.begun = true
		return nil
	}
	if len(head) == len(byteOrderMark) {
		l.start += len(head)
		l.begun = true
		return nil
	}
	return l.fill()
}

// fill reads once, or until a reader that returns nothing returns something. It must be called only
// when buf holds no more than max bytes, which leaves room to grow.
func (l *lineReader) fill() error {
	if l.err != nil {
		return l.err
	}
	l.makeRoom()
	for range maxEmptyReads {
		n, err := l.r.Read(l.buf[l.end:])
		if n < 0 || n > len(l.buf)-l.end {
			l.err = errors.New("sse: reader returned an impossible count")
			return l.err
		}
		l.end += n
		switch err {
		case nil:
		case io.EOF:
			l.err = io.EOF
		default:
			l.err = fmt.Errorf("sse: reading the stream: %w", err)
		}
		if n > 0 {
			return nil
		}
		if l.err != nil {
			return l.err
		}
	}
	l.err = fmt.Errorf("sse: reading the stream: %w", io.ErrNoProgress)
	return l.err
}

// makeRoom moves what is unread to the front of the buffer, and doubles the buffer if it is full.
func (l *lineReader) makeRoom() {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.end -= l.start
		l.lf -= l.start
		l.cr -= l.start
		l.start = 0
	}
	if l.end < len(l.buf) {
		return
	}
	size := 2 * len(l.buf)
	if size > l.max {
		size = l.max + 1 // the one byte more shows that a line is too long
	}
	buf := make([]byte, max(size, firstBuffer))
	copy(buf, l.buf[:l.end])
	l.buf = buf
}
