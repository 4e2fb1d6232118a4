// Package config holds the settings of the binary: one documented struct for each sub-command.
//
// A setting is a field, and the field's tags are all that there is to say about it: its flag, its variable of the
// environment, its default and its help text. The command line is made from them, so they cannot differ from what
// --help prints. A flag beats the environment, the environment beats the default. The variable is the flag's name
// with TIDINGS_ before it: --max-topics is TIDINGS_MAX_TOPICS. Where a flag concerns one call of publish or
// subscribe, the command's name is in the variable too, as in TIDINGS_PUBLISH_TOPIC, so that a machine's settings
// never end up in a message.
//
// Validate refuses settings that do not go together. Its error is an [*Error], which names the flags; it is made for
// the person at the command line and therefore has no package's name before it.
package config
