/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A description as its lines, each with its section and number. Everything points into the memory
 * that was parsed. Private to wire/. Thread: any, one at a time. */

#include "wire/wherry-sdp-text.h"

G_BEGIN_DECLS

typedef struct
{
  char type; /* what stands before "=" */
  WherrySdpText value;
  guint number;  /* from 1, as an editor counts */
  guint section; /* 0 = session level, n = the n-th m-line and what follows it */
} WherrySdpLine;

typedef struct
{
  GArray *lines; /* (element-type WherrySdpLine) */
  guint n_sections;
} WherrySdpLines;

/* Fails with WHERRY_ERROR_PROTOCOL or WHERRY_ERROR_LIMIT; self is to be cleared in any case. */
gboolean wherry_sdp_lines_split (WherrySdpLines *self, const char *data, gsize length,
                                 GError **error);
/* The same of a fragment (RFC 8840 section 9), which has no v= line. */
gboolean wherry_sdp_lines_split_fragment (WherrySdpLines *self, const char *data, gsize length,
                                          GError **error);
void wherry_sdp_lines_clear (WherrySdpLines *self);

/* The next attribute called name in a section, from line *position on, which moves behind it; its
 * value is what follows ":", empty for "a=name". (nullable) (transfer none) */
const WherrySdpLine *wherry_sdp_lines_next_attribute (const WherrySdpLines *self, guint section,
                                                      const char *name, guint *position,
                                                      WherrySdpText *value);
/* The first one. */
const WherrySdpLine *wherry_sdp_lines_find_attribute (const WherrySdpLines *self, guint section,
                                                      const char *name, WherrySdpText *value);
gboolean wherry_sdp_lines_has_attribute (const WherrySdpLines *self, guint section,
                                         const char *name);

/* Sets WHERRY_ERROR_PROTOCOL naming the line; returns FALSE. */
gboolean wherry_sdp_line_fail (const WherrySdpLine *line, const char *message, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherrySdpLines, wherry_sdp_lines_clear)

G_END_DECLS
