package load

import (
	"net/url"
	"strconv"
	"strings"
)

// typeForm is the type of a form, whose values are percent-encoded.
const typeForm = "application/x-www-form-urlencoded"

// typeLines is the type of several updates in one body.
const typeLines = "application/x-ndjson"

// fill returns a template with its placeholders filled in, each encoded. It is called for each connection while
// thousands connect, and a strings.Replacer costs more to make than this to run.
func fill(template, topic, data string, encode func(string) string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(template, "{")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		if after, is := strings.CutPrefix(rest, "topic}"); is {
			b.WriteString(encode(topic))
			template = after
		} else if after, is := strings.CutPrefix(rest, "data}"); is {
			b.WriteString(encode(data))
			template = after
		} else {
			b.WriteByte('{')
			template = rest
		}
	}
}

// asItIs encodes nothing.
func asItIs(s string) string { return s }

// topicName returns the name of topic t.
func (o *Options) topicName(t int) string { return o.TopicPrefix + strconv.Itoa(t) }

// streamURL returns the URL of subscriber i's stream.
func (o *Options) streamURL(p *plan, i int) (*url.URL, error) {
	u, err := url.Parse(fill(o.URL, o.topicName(p.topic(i, 0)), "", url.PathEscape))
	if err != nil || o.SubscribeQuery == "" {
		return u, err
	}
	query := make([]string, 0, 1+p.matchers+o.ExtraMatchers)
	if u.RawQuery != "" {
		query = append(query, u.RawQuery)
	}
	for j := range p.matchers {
		query = append(query, fill(o.SubscribeQuery, o.topicName(p.topic(i, j)), "", url.QueryEscape))
	}
	for j := range o.ExtraMatchers {
		name := o.TopicPrefix + "own-" + strconv.Itoa(i) + "-" + strconv.Itoa(j)
		query = append(query, fill(o.SubscribeQuery, name, "", url.QueryEscape))
	}
	u.RawQuery = strings.Join(query, "&")
	return u, nil
}

// publishURL returns where updates of a topic are posted.
func (o *Options) publishURL(topic string) (*url.URL, error) {
	return url.Parse(fill(o.PublishURL, topic, "", url.PathEscape))
}

// publishBody returns the body of a publication.
func (o *Options) publishBody(topic, data string) string {
	encode := asItIs
	if o.PublishType == typeForm {
		encode = url.QueryEscape
	}
	return fill(o.PublishForm, topic, data, encode)
}
