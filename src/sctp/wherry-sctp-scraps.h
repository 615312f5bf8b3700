/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Counts what an association holds of fragments that are hardly worth their memory. usrsctp 0.9.5
 * keeps a buffer of 256 bytes and more for each, but of those that are in their place it counts
 * only the payload against the receive window: filled with fragments of a byte, one window would
 * take hundreds. No stack cuts messages like that; who writes a message in many small parts leaves
 * one here and there.
 *
 * Thread: any, one at a time. */

#include <glib.h>

G_BEGIN_DECLS

/* Of ordered messages: the unordered ones go through wherry-sctp-pieces.h. Keyed by stream and the
 * low 16 bits of the SSN or MID. */
typedef struct
{
  GHashTable *messages; /* -> how many of it (nullable) */
  GHashTable *skips;    /* stream -> the last one that was given up (nullable) */
  guint n;
} WherrySctpScraps;

void wherry_sctp_scraps_clear (WherrySctpScraps *self);
/* One came. */
void wherry_sctp_scraps_add (WherrySctpScraps *self, guint16 stream, guint16 message);
/* This message was read. */
void wherry_sctp_scraps_read (WherrySctpScraps *self, guint16 stream, guint16 message);
/* Messages up to this one were given up; it counts once what came before was read. */
void wherry_sctp_scraps_note_skip (WherrySctpScraps *self, guint16 stream, guint16 message);
void wherry_sctp_scraps_apply_skips (WherrySctpScraps *self);
void wherry_sctp_scraps_drop_stream (WherrySctpScraps *self, guint16 stream);

G_END_DECLS
