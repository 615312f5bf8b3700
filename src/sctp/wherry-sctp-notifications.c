/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/wherry-error.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-options.h"

static void
on_up (WherrySctpAssociation *self, const struct sctp_assoc_change *change)
{
  g_autoptr (GError) error = NULL;
  struct sockaddr_conn remote = { .sconn_family = AF_CONN,
                                  .sconn_port = g_htons (self->config.remote_port),
                                  .sconn_addr = wherry_sctp_endpoint_get_address (self->endpoint) };
  gboolean set;

  if (self->state != WHERRY_TRANSPORT_CONNECTING)
    return;
  wherry_sctp_association_start_streams (self, change->sac_outbound_streams,
                                         change->sac_inbound_streams);
  WHERRY_SCTP_CALL (self,
                    set = wherry_sctp_options_established (
                        self->so, &remote, wherry_packet_transport_get_mtu (self->lower), &error));
  if (!set)
    {
      wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED, g_steal_pointer (&error));
      return;
    }
  WHERRY_SCTP_CALL (self, self->interleaving = wherry_sctp_options_is_interleaving (self->so));
  wherry_debug (&self->log, "SCTP messages are sent in %s", self->interleaving ? "I-DATA" : "DATA");
  wherry_sctp_association_set_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
}

static void
on_lost (WherrySctpAssociation *self)
{
  int reason = 0;
  socklen_t length = sizeof reason;

  /* usrsctp tells the two apart by the socket's error alone: ECONNRESET for an ABORT of theirs,
   * ECONNABORTED for one of ours, after too many retransmissions or a protocol violation */
  if (usrsctp_getsockopt (self->so, SOL_SOCKET, SO_ERROR, &reason, &length) == 0
      && reason == ECONNABORTED)
    wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                                 g_error_new (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                              "The other side stopped answering on SCTP"));
  else
    wherry_sctp_association_end (self, WHERRY_TRANSPORT_CLOSED,
                                 g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                              "The other side aborted the SCTP association"));
}

static void
on_assoc_change (WherrySctpAssociation *self, const struct sctp_assoc_change *change)
{
  switch (change->sac_state)
    {
    case SCTP_COMM_UP:
      on_up (self, change);
      break;
    case SCTP_COMM_LOST:
      on_lost (self);
      break;
    case SCTP_CANT_STR_ASSOC:
      wherry_sctp_association_end (
          self, WHERRY_TRANSPORT_FAILED,
          g_error_new (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                       "The other side did not answer the SCTP handshake"));
      break;
    case SCTP_SHUTDOWN_COMP:
      wherry_sctp_association_end (self, WHERRY_TRANSPORT_CLOSED,
                                   g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                "The other side shut the SCTP association down"));
      break;
    case SCTP_RESTART:
      /* RFC 9260 section 5.2: channels do not survive; a new association comes with a new DTLS one
       * (RFC 8841 section 9.3) */
      wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                                   g_error_new (WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                                                "The other side restarted the SCTP association"));
      break;
    default:
      break;
    }
}

/* What usrsctp hands over is complete by its own header; check all the same. The variable part of a
 * structure is copied to memory that is aligned for it. */
void
wherry_sctp_association_notification (WherrySctpAssociation *self, const guint8 *data, gsize length)
{
  g_autofree union sctp_notification *notification = NULL;
  gsize list;

  notification = g_malloc0 (MAX (length, sizeof *notification));
  memcpy (notification, data, length);
  switch (notification->sn_header.sn_type)
    {
    case SCTP_ASSOC_CHANGE:
      on_assoc_change (self, &notification->sn_assoc_change);
      break;
    case SCTP_STREAM_RESET_EVENT:
      list = offsetof (struct sctp_stream_reset_event, strreset_stream_list);
      wherry_sctp_association_on_stream_reset (self, notification->sn_strreset_event.strreset_flags,
                                               notification->sn_strreset_event.strreset_stream_list,
                                               length > list ? (length - list) / sizeof (guint16)
                                                             : 0);
      break;
    case SCTP_STREAM_CHANGE_EVENT:
      wherry_sctp_association_on_stream_change (
          self, notification->sn_strchange_event.strchange_flags,
          notification->sn_strchange_event.strchange_instrms,
          notification->sn_strchange_event.strchange_outstrms);
      break;
    default:
      break;
    }
}
