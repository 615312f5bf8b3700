/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* The lines of ../participant.md that a participant says. */

/* A nickname of an enumeration's value. */
const char *line_nick (GType type, int value);

/* A line with its first member. */
JsonBuilder *line_begin (const char *member, const char *value);
/* NULL is null. */
void line_add_string (JsonBuilder *line, const char *member, const char *value);
/* -1 is null. */
void line_add_int (JsonBuilder *line, const char *member, gint64 value);
/* Takes the line. */
void line_say (JsonBuilder *line);
/* An order to do something could not be carried out. */
void line_say_failed (const char *what, const char *channel, const GError *error);
