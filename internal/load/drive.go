package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// driver says when updates are published.
type driver struct {
	run        *run
	publishers []*publisher
	next       atomic.Int64 // the next update that nobody has taken
}

func newDriver(r *run) *driver {
	d := &driver{run: r}
	for lane := range r.options.Publishers {
		d.publishers = append(d.publishers, newPublisher(r, lane))
	}
	return d
}

func (d *driver) close() {
	for _, p := range d.publishers {
		p.poster.close()
	}
}

// drive publishes what the options ask for, and waits until it has arrived or there is no hope.
func (d *driver) drive(ctx context.Context, phase func(string)) error {
	if d.run.options.Rate == 0 {
		return d.closed(ctx)
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	phase("receiving")
	d.run.arrived(ctx)
	return nil
}

// all has every publisher work, and returns the first error.
func (d *driver) all(work func(p *publisher) error) error {
	var wait sync.WaitGroup
	errs := make([]error, len(d.publishers))
	for i, p := range d.publishers {
		wait.Go(func() { errs[i] = work(p) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unit is how many updates are published with one request.
func (d *driver) unit() int {
	if d.run.options.Lines {
		return d.run.options.Burst
	}
	return 1
}

// open publishes each burst when it is due, whether or not the ones before have arrived.
func (d *driver) open(ctx context.Context) error {
	o := &d.run.options
	began := time.Now()
	return d.all(func(p *publisher) error {
		for {
			k := int(d.next.Add(int64(d.unit()))) - d.unit()
			due := time.Duration(float64(k/o.Burst*o.Burst) / o.Rate * float64(time.Second))
			if o.Count > 0 && k >= o.Count || due >= o.Duration || time.Since(began) >= o.Duration {
				return nil
			}
			sent := began.Add(due)
			if late := time.Since(sent); late > 0 {
				// It was busy when the update was due: that is part of the latency.
				p.late = max(p.late, late)
			} else {
				// That a timer goes off late is none of the hub's.
				if !sleepUntil(ctx, sent) {
					return context.Cause(ctx)
				}
				sent = time.Now()
			}
			if err := d.publish(ctx, p, k, sent); err != nil {
				return err
			}
		}
	})
}

// closed publishes a burst when everybody has the one before. It ends early when a burst does not arrive.
func (d *driver) closed(ctx context.Context) error {
	o := &d.run.options
	began := time.Now()
	for k := 0; (o.Count == 0 || k < o.Count) && time.Since(began) < o.Duration; k += o.Burst {
		end := int64(k + o.Burst)
		if o.Count > 0 {
			end = min(end, int64(o.Count))
		}
		if err := d.burst(ctx, k, end); err != nil {
			return err
		}
		if !d.run.arrived(ctx) {
			return nil // what is missing will not come
		}
	}
	return nil
}

// burst publishes the updates from k to end, as fast as they are acknowledged.
func (d *driver) burst(ctx context.Context, k int, end int64) error {
	if int(end)-k <= d.unit() {
		return d.publish(ctx, d.publishers[k/d.unit()%len(d.publishers)], k, time.Now())
	}
	d.next.Store(int64(k))
	return d.all(func(p *publisher) error {
		for {
			k := d.next.Add(int64(d.unit())) - int64(d.unit())
			if k >= end {
				return nil
			}
			if err := d.publish(ctx, p, int(k), time.Now()); err != nil {
				return err
			}
		}
	})
}

// publish sends one request.
func (d *driver) publish(ctx context.Context, p *publisher, k int, sent time.Time) error {
	o := &d.run.options
	if err := context.Cause(ctx); err != nil {
		return err
	}
	since := sent.Sub(d.run.began)
	if !o.Lines {
		return p.publish(ctx, k, since)
	}
	n := o.Burst
	if o.Count > 0 {
		n = min(n, o.Count-k)
	}
	return p.publishLines(ctx, k, n, since)
}

// history publishes what subscribers will have missed, and returns the cursor before it.
func (d *driver) history(ctx context.Context) (cursor string, err error) {
	const together = 1000
	o := &d.run.options
	p := d.publishers[0]
	u, err := o.publishURL(o.topicName(0))
	if err != nil {
		return "", err
	}
	if cursor, err = p.poster.post(ctx, u, o.PublishType, o.publishBody(o.topicName(0), "before")); err != nil {
		return "", err
	}
	for k, n := 0, o.Missed*o.Topics; k < n; {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		step := 1
		if o.Lines {
			step = min(together, n-k)
			err = p.publishLines(ctx, k, step, time.Since(d.run.began))
		} else {
			err = p.publish(ctx, k, time.Since(d.run.began))
		}
		if err != nil {
			return "", err
		}
		k += step
	}
	return cursor, nil
}

// sleepUntil waits for a time; false means that ctx ended before.
func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
