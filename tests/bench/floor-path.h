/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What packets go through between the two ends of an association: a pair of UDP sockets, or queues
 * in memory. One thread in a process uses it. */

#include <netinet/in.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _FloorPath FloorPath;

struct _FloorPath
{
  guint64 packets_out;
  guint64 packets_in;
  /* UDP */
  int fd; /* -1: in memory */
  struct sockaddr_in remote;
  gboolean segments; /* UDP_SEGMENT */
  /* memory */
  FloorPath *other;
  GByteArray *in; /* each packet behind its length, a guint16 */
};

/* `data` is valid during the call only. */
typedef void (*FloorPathFunc) (gpointer user_data, const guint8 *data, gsize length);

/* Both ends; what is wrong with the system ends the program. */
void floor_path_init_udp (FloorPath *a, FloorPath *b, gboolean segments);
void floor_path_init_memory (FloorPath *a, FloorPath *b);
void floor_path_clear (FloorPath *self);

/* Packets are collected, for one path at a time: adding one for another path flushes. */
void floor_path_add (FloorPath *self, const void *data, gsize length);
/* What was collected goes out, in as few calls as may be. */
void floor_path_flush (void);
/* Hands over some of the packets that came; FALSE: there are no more for now. */
gboolean floor_path_receive (FloorPath *self, FloorPathFunc func, gpointer user_data);

G_END_DECLS
