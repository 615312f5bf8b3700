/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-output.h"

/* Packets handed to libnice, and runs handed to the kernel, in one call. */
#define BATCH_MAX 64u
#define RUNS_MAX 16u
/* What the kernel takes for one run: UDP_MAX_SEGMENTS, and what an IPv6 packet holds. */
#define SEGMENTS_MAX 64u
#define RUN_BYTES_MAX 65000u

/* ---- which way ---- */

void
wherry_ice_output_clear (WherryIceOutput *self)
{
  g_clear_object (&self->socket);
  *self = (WherryIceOutput){ 0 };
}

void
wherry_ice_output_stop (WherryIceOutput *self)
{
  wherry_ice_output_clear (self);
  self->stopped = TRUE;
}

void
wherry_ice_output_set_socket (WherryIceOutput *self, GSocket *socket,
                              const struct sockaddr_storage *remote, socklen_t length)
{
  gboolean no_segments = self->no_segments && self->socket == socket;

  g_object_ref (socket);
  wherry_ice_output_clear (self);
  self->socket = socket;
  self->remote = *remote;
  self->remote_length = length;
  self->no_segments = no_segments;
}

void
wherry_ice_output_set_pair (WherryIceOutput *self, NiceAgent *agent, guint stream)
{
  g_autoptr (GSocket) socket = nice_agent_get_selected_socket (agent, stream, WHERRY_ICE_COMPONENT);
  struct sockaddr_storage address = { 0 };
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;

  /* NULL: relayed */
  if (socket == NULL || g_socket_get_socket_type (socket) != G_SOCKET_TYPE_DATAGRAM
      || !nice_agent_get_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, &local, &remote)
      || local->transport != NICE_CANDIDATE_TRANSPORT_UDP)
    {
      wherry_ice_output_clear (self);
      return;
    }
  nice_address_copy_to_sockaddr (&remote->addr, (struct sockaddr *) &address);
  wherry_ice_output_set_socket (self, socket, &address,
                                address.ss_family == AF_INET6 ? sizeof (struct sockaddr_in6)
                                                              : sizeof (struct sockaddr_in));
}

/* ---- by libnice ---- */

static void
lose (WherryIceLost *lost, const GOutputVector *packets, guint n)
{
  lost->packets += n;
  for (guint i = 0; i < n; i++)
    lost->bytes += packets[i].size;
}

static void
send_batch (NiceAgent *agent, guint stream, const GOutputVector *packets, guint n,
            WherryIceLost *lost, const WherryLogContext *log)
{
  NiceOutputMessage messages[BATCH_MAX];
  g_autoptr (GError) error = NULL;
  int sent;

  for (guint i = 0; i < n; i++)
    {
      messages[i].buffers = (GOutputVector *) &packets[i];
      messages[i].n_buffers = 1;
    }
  sent = nice_agent_send_messages_nonblocking (agent, stream, WHERRY_ICE_COMPONENT, messages, n,
                                               NULL, &error);
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wherry_debug (log, "sending over ICE: %s", error->message);
  sent = CLAMP (sent, 0, (int) n);
  lose (lost, packets + sent, n - (guint) sent);
}

/* ---- by the socket ---- */

typedef struct
{
  struct mmsghdr messages[RUNS_MAX];
  union
  {
    char space[CMSG_SPACE (sizeof (guint16))];
    struct cmsghdr align;
  } control[RUNS_MAX];
  guint lengths[RUNS_MAX]; /* in packets */
  guint n;
} Runs;

/* As many packets from the first one as may go in one piece: all as long as the first but the last,
 * which may be shorter. */
static guint
run_length (const WherryIceOutput *self, const GOutputVector *packets, guint n)
{
  gsize size = packets[0].size;
  gsize total = size;
  guint i;

  if (self->no_segments)
    return 1;
  for (i = 1; i < MIN (n, SEGMENTS_MAX); i++)
    {
      total += packets[i].size;
      if (packets[i - 1].size != size || packets[i].size > size || total > RUN_BYTES_MAX)
        break;
    }
  return i;
}

static void
add_run (Runs *self, WherryIceOutput *output, const GOutputVector *packets, guint length)
{
  struct msghdr *header = &self->messages[self->n].msg_hdr;

  *header = (struct msghdr){
    .msg_name = &output->remote,
    .msg_namelen = output->remote_length,
    .msg_iov = (struct iovec *) packets, /* GLib promises the same layout */
    .msg_iovlen = length,
  };
  if (length > 1)
    {
      guint16 size = (guint16) packets[0].size;
      struct cmsghdr *control;

      header->msg_control = self->control[self->n].space;
      header->msg_controllen = sizeof self->control[self->n].space;
      control = CMSG_FIRSTHDR (header);
      control->cmsg_level = IPPROTO_UDP;
      control->cmsg_type = UDP_SEGMENT;
      control->cmsg_len = CMSG_LEN (sizeof size);
      memcpy (CMSG_DATA (control), &size, sizeof size);
    }
  self->lengths[self->n++] = length;
}

/* Returns how many packets were dealt with, and adds those that were lost. */
static guint
send_runs (WherryIceOutput *self, const GOutputVector *packets, guint n, WherryIceLost *lost,
           const WherryLogContext *log)
{
  Runs runs = { .n = 0 };
  guint done = 0;
  int sent;

  for (guint i = 0; i < n && runs.n < RUNS_MAX; i += runs.lengths[runs.n - 1])
    add_run (&runs, self, packets + i, run_length (self, packets + i, n - i));
  do
    sent = sendmmsg (g_socket_get_fd (self->socket), runs.messages, runs.n,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);

  for (int i = 0; i < sent; i++)
    done += runs.lengths[i];
  if (sent > 0)
    return done;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
    {
      lose (lost, packets, n);
      return n;
    }
  /* no checksums by the card, a small MTU, or an old kernel: from now on one by one */
  if (runs.lengths[0] > 1)
    {
      wherry_debug (log, "sending over UDP in segments: %s", g_strerror (errno));
      self->no_segments = TRUE;
      return 0;
    }
  wherry_debug (log, "sending over UDP: %s", g_strerror (errno));
  lose (lost, packets, 1);
  return 1;
}

WherryIceLost
wherry_ice_output_send (WherryIceOutput *self, NiceAgent *agent, guint stream,
                        const GOutputVector *packets, guint n, const WherryLogContext *log)
{
  WherryIceLost lost = { 0 };

  if (self->stopped)
    lose (&lost, packets, n);
  else if (self->socket != NULL)
    for (guint i = 0; i < n;)
      i += send_runs (self, packets + i, n - i, &lost, log);
  else
    for (guint i = 0; i < n; i += BATCH_MAX)
      send_batch (agent, stream, packets + i, MIN (n - i, BATCH_MAX), &lost, log);
  return lost;
}
