/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "floor-side.h"

#define EVENTS_MAX 64

void
floor_side_init_pair (FloorSide *a, FloorSide *b, guint n, gboolean udp, gboolean segments)
{
  *a = (FloorSide){ .paths = g_new0 (FloorPath, n), .n = n, .epoll = -1 };
  *b = (FloorSide){ .paths = g_new0 (FloorPath, n), .n = n, .epoll = -1 };
  for (guint i = 0; i < n; i++)
    if (udp)
      floor_path_init_udp (&a->paths[i], &b->paths[i], segments);
    else
      floor_path_init_memory (&a->paths[i], &b->paths[i]);
}

static void
watch (FloorSide *self, guint i)
{
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

  if (self->epoll < 0)
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll < 0 || epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->paths[i].fd, &event) != 0)
    g_error ("epoll: %s", g_strerror (errno));
}

void
floor_side_open (FloorSide *self, gboolean are_clients)
{
  self->associations = g_new0 (FloorAssociation, self->n);
  for (guint i = 0; i < self->n; i++)
    {
      floor_association_init (&self->associations[i], &self->paths[i], are_clients);
      if (self->paths[i].fd >= 0)
        watch (self, i);
    }
}

void
floor_side_close (FloorSide *self)
{
  for (guint i = 0; self->associations != NULL && i < self->n; i++)
    floor_association_clear (&self->associations[i]);
  g_clear_pointer (&self->associations, g_free);
}

void
floor_side_clear (FloorSide *self)
{
  for (guint i = 0; i < self->n; i++)
    floor_path_clear (&self->paths[i]);
  if (self->epoll >= 0)
    close (self->epoll);
  g_clear_pointer (&self->paths, g_free);
}

static gboolean
poll_memory (FloorSide *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->n; i++)
    if (self->paths[i].in->len > 0)
      {
        floor_association_take (&self->associations[i]);
        any = TRUE;
      }
  return any;
}

gboolean
floor_side_poll (FloorSide *self, int wait_ms)
{
  struct epoll_event events[EVENTS_MAX];
  gboolean any;
  int n = 0;

  if (self->epoll < 0)
    any = poll_memory (self);
  else
    {
      n = epoll_wait (self->epoll, events, EVENTS_MAX, wait_ms);
      any = n > 0;
    }
  for (int i = 0; i < n; i++)
    floor_association_take (&self->associations[events[i].data.u32]);
  /* what the last one answers */
  floor_path_flush ();
  floor_association_tick ();
  return any;
}

gboolean
floor_side_establish (FloorSide *self)
{
  gboolean all = TRUE;

  for (guint i = 0; i < self->n; i++)
    all = floor_association_establish (&self->associations[i]) && all;
  floor_path_flush ();
  return all;
}
