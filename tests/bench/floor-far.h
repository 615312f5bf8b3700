/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The far ends, which are not measured: one that publishes as much as is taken, and those that
 * receive, count, and check. */

#include "floor-side.h"

G_BEGIN_DECLS

#define FLOOR_RECEIVERS_MAX 400u
/* a number and a checksum */
#define FLOOR_SIZE_MIN 12u
#define FLOOR_SIZE_MAX (64u * 1024u)

/* What both sides know, in memory that two processes share. All of it is accessed atomically. */
typedef struct
{
  /* the relaying side sets */
  gint go;
  gint stop; /* publishing */
  gint end;
  /* the far ends set */
  gint ready;
  gint damaged;   /* messages not as they were sent */
  gint disorder;  /* messages that were not the next one */
  gint published; /* all are, see `sent` */
  guint64 sent;
  guint64 delivered;
  guint64 received[FLOOR_RECEIVERS_MAX];
} FloorShared;

typedef struct
{
  FloorSide *side;
  FloorShared *shared;
  gboolean bundle;
  gsize size;
  guint ahead; /* of the slowest receiver, messages; 0: as many as SCTP takes */
  guint8 *message;
  guint32 checksum; /* of what is the same in all of them */
  guint8 *received;
} FloorFar;

void floor_far_init (FloorFar *self, FloorSide *side, FloorShared *shared, gsize size,
                     gboolean bundle);
void floor_far_clear (FloorFar *self);
void floor_far_turn (FloorFar *self, int wait_ms);

G_END_DECLS
