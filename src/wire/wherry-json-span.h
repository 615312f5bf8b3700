/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the values stand in JSON text that wherry_json_scan() took, so that they can be passed on
 * as the bytes that came. Text that it did not take must not come here: nothing is checked again.
 * Everything here: Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/**
 * wherry_json_object_span:
 * @start: (out): the offset of its {
 * @span: (out): bytes up to and with its }
 *
 * Returns: FALSE when the document is not an object
 */
gboolean wherry_json_object_span (const char *data, gsize length, gsize *start, gsize *span);

/**
 * wherry_json_member_span:
 * @name: of a member of the outermost object
 * @start: (out): the offset of its value
 * @span: (out): the value's bytes, no white space around
 *
 * Returns: FALSE when there is no such member, or the document is not an object
 */
gboolean wherry_json_member_span (const char *data, gsize length, const char *name, gsize *start,
                                  gsize *span);

/**
 * wherry_json_element_span:
 * @data: an array
 * @offset: (inout): 0 for the first element
 * @start: (out): the offset of the next element
 * @span: (out): its bytes, no white space around
 *
 * Returns: FALSE when there is none any more, or the value is not an array
 */
gboolean wherry_json_element_span (const char *data, gsize length, gsize *offset, gsize *start,
                                   gsize *span);

/**
 * wherry_json_string_decode:
 * @data: a string value, its quotes included
 *
 * Returns: (transfer full) (nullable): what it says; NULL when the value is not a string
 */
char *wherry_json_string_decode (const char *data, gsize length);

/* Whether no two members of the outermost object have the same name after unescaping; TRUE for what
 * is no object. */
gboolean wherry_json_names_are_unique (const char *data, gsize length);

/* Whether a number is kept by a gint64, or has a fraction or exponent and is a finite double. */
gboolean wherry_json_number_is_exact (const char *text, gsize length);

/**
 * wherry_json_bound_numbers:
 *
 * Returns: (transfer full): the text with the numbers that are not exact replaced: an integer by
 * the same with a fraction of 0, what overflows a double by the largest one
 */
char *wherry_json_bound_numbers (const char *data, gsize length, gsize *bounded_length);

G_END_DECLS
