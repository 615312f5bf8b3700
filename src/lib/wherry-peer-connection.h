/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-configuration.h"
#include "lib/wherry-data-channel.h"
#include "lib/wherry-ice-candidate.h"
#include "lib/wherry-sctp-transport.h"
#include "lib/wherry-session-description.h"
#include "lib/wherry-stats-report.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_PEER_CONNECTION (wherry_peer_connection_get_type ())
/**
 * WherryPeerConnection:
 *
 * A connection to one other peer, for data channels (W3C webrtc-pc section 4, RTCPeerConnection).
 *
 * Signals and completions arrive on the main context that was the thread's default one when it was
 * made, and only there. All methods belong to that thread. State changes are told by the `notify`
 * signals of the properties.
 *
 * The last reference may be dropped anywhere, which closes the connection: an asynchronous call
 * under way holds one, its channels and transports hold none. What is behind a connection is freed
 * once that main context has run until its peer has finished.
 *
 * Operations on descriptions and candidates run one after the other, in the order of the calls
 * (webrtc-pc section 4.4.1.2).
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryPeerConnection, wherry_peer_connection, WHERRY, PEER_CONNECTION,
                      GObject)

/**
 * wherry_peer_connection_new:
 * @configuration: (nullable): servers and limits; read now
 * @error: return location
 *
 * Errors: %WHERRY_ERROR_RESOURCES when there is no thread or file descriptor for it,
 * %WHERRY_ERROR_INVALID_ARGUMENT for a certificate that has expired.
 *
 * Returns: (transfer full): a connection
 *
 * Thread: any; from then on this one
 */
WHERRY_AVAILABLE_IN_0_1
WherryPeerConnection *wherry_peer_connection_new (WherryConfiguration *configuration,
                                                  GError **error);

/**
 * wherry_peer_connection_create_offer_async:
 * @self: a connection
 * @ice_restart: whether ICE credentials are to change
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it is made
 * @user_data: for @callback
 *
 * Describes what this side offers. Nothing changes before it is set
 * (RTCPeerConnection.createOffer()).
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_create_offer_async (WherryPeerConnection *self, gboolean ice_restart,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_peer_connection_create_offer_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_STATE while a remote offer
 *   is pending
 *
 * Finishes [method@PeerConnection.create_offer_async].
 *
 * Returns: (transfer full): the offer
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *wherry_peer_connection_create_offer_finish (WherryPeerConnection *self,
                                                                      GAsyncResult *result,
                                                                      GError **error);
/**
 * wherry_peer_connection_create_answer_async:
 * @self: a connection with a remote offer
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it is made
 * @user_data: for @callback
 *
 * Describes the answer to the pending remote offer (RTCPeerConnection.createAnswer()).
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_create_answer_async (WherryPeerConnection *self,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_peer_connection_create_answer_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_STATE without a remote offer
 *
 * Finishes [method@PeerConnection.create_answer_async].
 *
 * Returns: (transfer full): the answer
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *wherry_peer_connection_create_answer_finish (WherryPeerConnection *self,
                                                                       GAsyncResult *result,
                                                                       GError **error);
/**
 * wherry_peer_connection_set_local_description_async:
 * @self: a connection
 * @description: (nullable): as it was created; one of type "rollback"; %NULL: the one that fits
 *   the signaling state is created (perfect negotiation)
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it is in force
 * @user_data: for @callback
 *
 * RTCPeerConnection.setLocalDescription(); gathering starts.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_set_local_description_async (WherryPeerConnection *self,
                                                         WherrySessionDescription *description,
                                                         GCancellable *cancellable,
                                                         GAsyncReadyCallback callback,
                                                         gpointer user_data);
/**
 * wherry_peer_connection_set_local_description_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_STATE,
 *   %WHERRY_ERROR_INVALID_ARGUMENT when it is not what was created, %WHERRY_ERROR_RESOURCES when
 *   there is no port to be reached at
 *
 * Finishes [method@PeerConnection.set_local_description_async].
 *
 * Returns: %TRUE if it is in force
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_set_local_description_finish (WherryPeerConnection *self,
                                                              GAsyncResult *result, GError **error);
/**
 * wherry_peer_connection_set_remote_description_async:
 * @self: a connection
 * @description: theirs, or one of type "rollback"
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it is in force
 * @user_data: for @callback
 *
 * RTCPeerConnection.setRemoteDescription(). A remote offer while ours is pending rolls ours back
 * first.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_set_remote_description_async (WherryPeerConnection *self,
                                                          WherrySessionDescription *description,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
/**
 * wherry_peer_connection_set_remote_description_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_STATE,
 *   %WHERRY_ERROR_PROTOCOL when malformed, %WHERRY_ERROR_UNSUPPORTED, %WHERRY_ERROR_UNVERIFIED when
 *   it names another certificate than the connected one
 *
 * Finishes [method@PeerConnection.set_remote_description_async].
 *
 * Returns: %TRUE if it is in force
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_set_remote_description_finish (WherryPeerConnection *self,
                                                               GAsyncResult *result,
                                                               GError **error);
/**
 * wherry_peer_connection_add_ice_candidate_async:
 * @self: a connection with a remote description
 * @candidate: (nullable): theirs; %NULL: no more will come
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it was taken
 * @user_data: for @callback
 *
 * RTCPeerConnection.addIceCandidate(). A well-formed candidate that is of no use (a host name that
 * is not resolved, a transport that is not spoken) is ignored, without error.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_add_ice_candidate_async (WherryPeerConnection *self,
                                                     WherryIceCandidate *candidate,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
/**
 * wherry_peer_connection_add_ice_candidate_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_STATE without a remote
 *   description, %WHERRY_ERROR_PROTOCOL when it is malformed, or names no section or no ICE
 *   generation of it
 *
 * Finishes [method@PeerConnection.add_ice_candidate_async].
 *
 * Returns: %TRUE if it was taken
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_add_ice_candidate_finish (WherryPeerConnection *self,
                                                          GAsyncResult *result, GError **error);
/**
 * wherry_peer_connection_restart_ice:
 * @self: a connection
 *
 * The next offer restarts ICE; [signal@PeerConnection::negotiation-needed] follows
 * (RTCPeerConnection.restartIce()).
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_restart_ice (WherryPeerConnection *self);
/**
 * wherry_peer_connection_create_data_channel:
 * @self: a connection
 * @label: UTF-8, at most 65535 bytes; not unique
 * @init: (nullable): how it is to be; the default is reliable and ordered
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_ARGUMENT (both limits given,
 *   an id taken or out of range, a string too long), %WHERRY_ERROR_LIMIT (no stream is left)
 *
 * RTCPeerConnection.createDataChannel().
 *
 * Returns: (transfer full): the channel, connecting
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannel *wherry_peer_connection_create_data_channel (WherryPeerConnection *self,
                                                               const char *label,
                                                               WherryDataChannelInit *init,
                                                               GError **error);
/**
 * wherry_peer_connection_get_stats_async:
 * @self: a connection
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called with the result
 * @user_data: for @callback
 *
 * RTCPeerConnection.getStats().
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_get_stats_async (WherryPeerConnection *self, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_peer_connection_get_stats_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED
 *
 * Finishes [method@PeerConnection.get_stats_async].
 *
 * Returns: (transfer full): the report
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryStatsReport *wherry_peer_connection_get_stats_finish (WherryPeerConnection *self,
                                                            GAsyncResult *result, GError **error);
/**
 * wherry_peer_connection_close:
 * @self: a connection
 *
 * Closes it and its channels at once; the other side is told. No signal is emitted afterwards, and
 * what is under way fails with %WHERRY_ERROR_CLOSED (RTCPeerConnection.close()).
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_close (WherryPeerConnection *self);
/**
 * wherry_peer_connection_close_async:
 * @self: a connection
 * @cancellable: (nullable): a cancellable; it is closed all the same, and to its end
 * @callback: (scope async): called when nothing of it is left
 * @user_data: for @callback
 *
 * Closes it as [method@PeerConnection.close] does. The end has then been sent to the other side,
 * sockets are closed and what is behind it is freed: a program that ends now leaves nothing behind.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_peer_connection_close_async (WherryPeerConnection *self, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_peer_connection_close_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location: %G_IO_ERROR_CANCELLED
 *
 * Finishes [method@PeerConnection.close_async].
 *
 * Returns: %TRUE if it is over
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_close_finish (WherryPeerConnection *self, GAsyncResult *result,
                                              GError **error);

/* attributes */
/**
 * wherry_peer_connection_set_configuration:
 * @self: a connection
 * @configuration: servers and the transport policy may differ from before; certificates and limits
 *   may not
 * @error: return location: %WHERRY_ERROR_CLOSED, %WHERRY_ERROR_INVALID_ARGUMENT
 *
 * Takes effect with the next gathering (RTCPeerConnection.setConfiguration()).
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_set_configuration (WherryPeerConnection *self,
                                                   WherryConfiguration *configuration,
                                                   GError **error);
/**
 * wherry_peer_connection_get_configuration:
 * @self: a connection
 *
 * Gets [property@PeerConnection:configuration].
 *
 * Returns: (transfer full) (nullable): a copy of what it was made with or was set last
 *   (RTCPeerConnection.getConfiguration())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryConfiguration *wherry_peer_connection_get_configuration (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_signaling_state:
 * @self: a connection
 *
 * Gets [property@PeerConnection:signaling-state].
 *
 * Returns: where the exchange of descriptions stands (RTCPeerConnection.signalingState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherrySignalingState wherry_peer_connection_get_signaling_state (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_ice_gathering_state:
 * @self: a connection
 *
 * Gets [property@PeerConnection:ice-gathering-state].
 *
 * Returns: whether our candidates are found (RTCPeerConnection.iceGatheringState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceGatheringState wherry_peer_connection_get_ice_gathering_state (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_ice_connection_state:
 * @self: a connection
 *
 * Gets [property@PeerConnection:ice-connection-state].
 *
 * Returns: how far ICE is (RTCPeerConnection.iceConnectionState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceConnectionState
wherry_peer_connection_get_ice_connection_state (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_connection_state:
 * @self: a connection
 *
 * Gets [property@PeerConnection:connection-state].
 *
 * Returns: how far ICE and DTLS are (RTCPeerConnection.connectionState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryConnectionState wherry_peer_connection_get_connection_state (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_local_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:local-description].
 *
 * Returns: (transfer none) (nullable): the pending one, else the current one, with the candidates
 *   found so far
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *wherry_peer_connection_get_local_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_current_local_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:current-local-description].
 *
 * Returns: (transfer none) (nullable): what was agreed last
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *
wherry_peer_connection_get_current_local_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_pending_local_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:pending-local-description].
 *
 * Returns: (transfer none) (nullable): what is not agreed yet
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *
wherry_peer_connection_get_pending_local_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_remote_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:remote-description].
 *
 * Returns: (transfer none) (nullable): the pending one, else the current one, with the candidates
 *   added so far
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *
wherry_peer_connection_get_remote_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_current_remote_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:current-remote-description].
 *
 * Returns: (transfer none) (nullable): what was agreed last
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *
wherry_peer_connection_get_current_remote_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_pending_remote_description:
 * @self: a connection
 *
 * Gets [property@PeerConnection:pending-remote-description].
 *
 * Returns: (transfer none) (nullable): what is not agreed yet
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *
wherry_peer_connection_get_pending_remote_description (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_can_trickle_ice_candidates:
 * @self: a connection
 *
 * Gets [property@PeerConnection:can-trickle-ice-candidates].
 *
 * Returns: whether the other side takes candidates one by one (RFC 8838); %FALSE too before its
 *   description is known
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_peer_connection_get_can_trickle_ice_candidates (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_sctp:
 * @self: a connection
 *
 * Gets [property@PeerConnection:sctp].
 *
 * Returns: (transfer none) (nullable): the SCTP transport, once descriptions were agreed
 */
WHERRY_AVAILABLE_IN_0_1
WherrySctpTransport *wherry_peer_connection_get_sctp (WherryPeerConnection *self);
/**
 * wherry_peer_connection_get_channels:
 * @self: a connection
 *
 * Gets [property@PeerConnection:channels].
 *
 * Returns: (transfer none): the channels that are not closed, as a list of
 *   [class@DataChannel] in the order of their making
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_peer_connection_get_channels (WherryPeerConnection *self);

G_END_DECLS
