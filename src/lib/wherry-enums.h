/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "lib/wherry-version.h"

G_BEGIN_DECLS

/**
 * WherryDescriptionType:
 * @WHERRY_DESCRIPTION_TYPE_OFFER: "offer"
 * @WHERRY_DESCRIPTION_TYPE_PRANSWER: "pranswer": a provisional answer
 * @WHERRY_DESCRIPTION_TYPE_ANSWER: "answer"
 * @WHERRY_DESCRIPTION_TYPE_ROLLBACK: "rollback": back to the last stable state
 *
 * What a session description is (W3C webrtc-pc, RTCSdpType; RFC 8829 section 4.1.8).
 */
typedef enum
{
  WHERRY_DESCRIPTION_TYPE_OFFER,
  WHERRY_DESCRIPTION_TYPE_PRANSWER,
  WHERRY_DESCRIPTION_TYPE_ANSWER,
  WHERRY_DESCRIPTION_TYPE_ROLLBACK,
} WherryDescriptionType;

/**
 * WherrySignalingState:
 * @WHERRY_SIGNALING_STATE_STABLE: no exchange of offer and answer is under way
 * @WHERRY_SIGNALING_STATE_HAVE_LOCAL_OFFER: our offer was set
 * @WHERRY_SIGNALING_STATE_HAVE_REMOTE_OFFER: their offer was set
 * @WHERRY_SIGNALING_STATE_HAVE_LOCAL_PRANSWER: our provisional answer was set
 * @WHERRY_SIGNALING_STATE_HAVE_REMOTE_PRANSWER: their provisional answer was set
 * @WHERRY_SIGNALING_STATE_CLOSED: the connection was closed
 *
 * Where the exchange of descriptions stands (W3C webrtc-pc, RTCSignalingState).
 */
typedef enum
{
  WHERRY_SIGNALING_STATE_STABLE,
  WHERRY_SIGNALING_STATE_HAVE_LOCAL_OFFER,
  WHERRY_SIGNALING_STATE_HAVE_REMOTE_OFFER,
  WHERRY_SIGNALING_STATE_HAVE_LOCAL_PRANSWER,
  WHERRY_SIGNALING_STATE_HAVE_REMOTE_PRANSWER,
  WHERRY_SIGNALING_STATE_CLOSED,
} WherrySignalingState;

/**
 * WherryIceGatheringState:
 * @WHERRY_ICE_GATHERING_STATE_NEW: not begun
 * @WHERRY_ICE_GATHERING_STATE_GATHERING: candidates are being found
 * @WHERRY_ICE_GATHERING_STATE_COMPLETE: all candidates of this generation were told
 *
 * Whether our candidates are found (W3C webrtc-pc, RTCIceGatheringState, RTCIceGathererState).
 */
typedef enum
{
  WHERRY_ICE_GATHERING_STATE_NEW,
  WHERRY_ICE_GATHERING_STATE_GATHERING,
  WHERRY_ICE_GATHERING_STATE_COMPLETE,
} WherryIceGatheringState;

/**
 * WherryIceConnectionState:
 * @WHERRY_ICE_CONNECTION_STATE_NEW: nothing to check yet
 * @WHERRY_ICE_CONNECTION_STATE_CHECKING: pairs are being checked
 * @WHERRY_ICE_CONNECTION_STATE_CONNECTED: a pair works, others may still be checked
 * @WHERRY_ICE_CONNECTION_STATE_COMPLETED: a pair works and nothing is left to check
 * @WHERRY_ICE_CONNECTION_STATE_DISCONNECTED: consent is failing; it may come back
 * @WHERRY_ICE_CONNECTION_STATE_FAILED: no pair works; an ICE restart may help
 * @WHERRY_ICE_CONNECTION_STATE_CLOSED: closed
 *
 * Of the ICE transport (W3C webrtc-pc, RTCIceConnectionState, RTCIceTransportState).
 */
typedef enum
{
  WHERRY_ICE_CONNECTION_STATE_NEW,
  WHERRY_ICE_CONNECTION_STATE_CHECKING,
  WHERRY_ICE_CONNECTION_STATE_CONNECTED,
  WHERRY_ICE_CONNECTION_STATE_COMPLETED,
  WHERRY_ICE_CONNECTION_STATE_DISCONNECTED,
  WHERRY_ICE_CONNECTION_STATE_FAILED,
  WHERRY_ICE_CONNECTION_STATE_CLOSED,
} WherryIceConnectionState;

/**
 * WherryConnectionState:
 * @WHERRY_CONNECTION_STATE_NEW: nothing was begun
 * @WHERRY_CONNECTION_STATE_CONNECTING: ICE or DTLS is under way
 * @WHERRY_CONNECTION_STATE_CONNECTED: ICE and DTLS are connected
 * @WHERRY_CONNECTION_STATE_DISCONNECTED: ICE lost it; it may come back
 * @WHERRY_CONNECTION_STATE_FAILED: ICE or DTLS failed
 * @WHERRY_CONNECTION_STATE_CLOSED: closed
 *
 * Of the connection as a whole (W3C webrtc-pc, RTCPeerConnectionState).
 */
typedef enum
{
  WHERRY_CONNECTION_STATE_NEW,
  WHERRY_CONNECTION_STATE_CONNECTING,
  WHERRY_CONNECTION_STATE_CONNECTED,
  WHERRY_CONNECTION_STATE_DISCONNECTED,
  WHERRY_CONNECTION_STATE_FAILED,
  WHERRY_CONNECTION_STATE_CLOSED,
} WherryConnectionState;

/**
 * WherryDtlsTransportState:
 * @WHERRY_DTLS_TRANSPORT_STATE_NEW: not begun
 * @WHERRY_DTLS_TRANSPORT_STATE_CONNECTING: the handshake is under way
 * @WHERRY_DTLS_TRANSPORT_STATE_CONNECTED: done, and the fingerprint was verified
 * @WHERRY_DTLS_TRANSPORT_STATE_CLOSED: closed, by a close_notify or by us
 * @WHERRY_DTLS_TRANSPORT_STATE_FAILED: it failed, or the certificate was not the signaled one
 *
 * Of the DTLS transport (W3C webrtc-pc, RTCDtlsTransportState).
 */
typedef enum
{
  WHERRY_DTLS_TRANSPORT_STATE_NEW,
  WHERRY_DTLS_TRANSPORT_STATE_CONNECTING,
  WHERRY_DTLS_TRANSPORT_STATE_CONNECTED,
  WHERRY_DTLS_TRANSPORT_STATE_CLOSED,
  WHERRY_DTLS_TRANSPORT_STATE_FAILED,
} WherryDtlsTransportState;

/**
 * WherrySctpTransportState:
 * @WHERRY_SCTP_TRANSPORT_STATE_CONNECTING: the association is being made
 * @WHERRY_SCTP_TRANSPORT_STATE_CONNECTED: it is up
 * @WHERRY_SCTP_TRANSPORT_STATE_CLOSED: it ended
 *
 * Of the SCTP transport (W3C webrtc-pc, RTCSctpTransportState).
 */
typedef enum
{
  WHERRY_SCTP_TRANSPORT_STATE_CONNECTING,
  WHERRY_SCTP_TRANSPORT_STATE_CONNECTED,
  WHERRY_SCTP_TRANSPORT_STATE_CLOSED,
} WherrySctpTransportState;

/**
 * WherryDataChannelState:
 * @WHERRY_DATA_CHANNEL_STATE_CONNECTING: no association yet, or the other side has yet to answer
 * @WHERRY_DATA_CHANNEL_STATE_OPEN: messages can be sent
 * @WHERRY_DATA_CHANNEL_STATE_CLOSING: it is being closed
 * @WHERRY_DATA_CHANNEL_STATE_CLOSED: it is closed, or could not be opened
 *
 * Of a data channel (W3C webrtc-pc, RTCDataChannelState).
 */
typedef enum
{
  WHERRY_DATA_CHANNEL_STATE_CONNECTING,
  WHERRY_DATA_CHANNEL_STATE_OPEN,
  WHERRY_DATA_CHANNEL_STATE_CLOSING,
  WHERRY_DATA_CHANNEL_STATE_CLOSED,
} WherryDataChannelState;

/**
 * WherryPriority:
 * @WHERRY_PRIORITY_VERY_LOW: 128 on the wire
 * @WHERRY_PRIORITY_LOW: 256, the default
 * @WHERRY_PRIORITY_MEDIUM: 512
 * @WHERRY_PRIORITY_HIGH: 1024
 *
 * How much of the connection a channel gets while others send too (W3C webrtc-priority,
 * RTCPriorityType; RFC 8831 section 6.4).
 */
typedef enum
{
  WHERRY_PRIORITY_VERY_LOW,
  WHERRY_PRIORITY_LOW,
  WHERRY_PRIORITY_MEDIUM,
  WHERRY_PRIORITY_HIGH,
} WherryPriority;

/**
 * WherryIceTransportPolicy:
 * @WHERRY_ICE_TRANSPORT_POLICY_ALL: any candidate
 * @WHERRY_ICE_TRANSPORT_POLICY_RELAY: only candidates of TURN servers
 *
 * Which candidates are used (W3C webrtc-pc, RTCIceTransportPolicy).
 */
typedef enum
{
  WHERRY_ICE_TRANSPORT_POLICY_ALL,
  WHERRY_ICE_TRANSPORT_POLICY_RELAY,
} WherryIceTransportPolicy;

/**
 * WherryIceCandidateType:
 * @WHERRY_ICE_CANDIDATE_TYPE_HOST: an address of an interface
 * @WHERRY_ICE_CANDIDATE_TYPE_SRFLX: server reflexive: as a STUN server saw it
 * @WHERRY_ICE_CANDIDATE_TYPE_PRFLX: peer reflexive: as the other side saw it
 * @WHERRY_ICE_CANDIDATE_TYPE_RELAY: an address of a TURN server
 *
 * Where a candidate comes from (RFC 8445 section 5.1.1; W3C webrtc-pc, RTCIceCandidateType).
 */
typedef enum
{
  WHERRY_ICE_CANDIDATE_TYPE_HOST,
  WHERRY_ICE_CANDIDATE_TYPE_SRFLX,
  WHERRY_ICE_CANDIDATE_TYPE_PRFLX,
  WHERRY_ICE_CANDIDATE_TYPE_RELAY,
} WherryIceCandidateType;

/**
 * WherryIceCandidateTypes:
 * @WHERRY_ICE_CANDIDATE_TYPES_NONE: none
 * @WHERRY_ICE_CANDIDATE_TYPES_HOST: host
 * @WHERRY_ICE_CANDIDATE_TYPES_SRFLX: server reflexive
 * @WHERRY_ICE_CANDIDATE_TYPES_PRFLX: peer reflexive
 * @WHERRY_ICE_CANDIDATE_TYPES_RELAY: relayed
 * @WHERRY_ICE_CANDIDATE_TYPES_ALL: all of them
 *
 * A set of candidate types.
 */
typedef enum /*< flags >*/
{
  WHERRY_ICE_CANDIDATE_TYPES_NONE = 0,
  WHERRY_ICE_CANDIDATE_TYPES_HOST = 1 << 0,
  WHERRY_ICE_CANDIDATE_TYPES_SRFLX = 1 << 1,
  WHERRY_ICE_CANDIDATE_TYPES_PRFLX = 1 << 2,
  WHERRY_ICE_CANDIDATE_TYPES_RELAY = 1 << 3,
  WHERRY_ICE_CANDIDATE_TYPES_ALL = (1 << 4) - 1,
} WherryIceCandidateTypes;

/**
 * WherryIceRole:
 * @WHERRY_ICE_ROLE_UNKNOWN: not settled yet
 * @WHERRY_ICE_ROLE_CONTROLLING: this side chooses the pair
 * @WHERRY_ICE_ROLE_CONTROLLED: the other side chooses it
 *
 * RFC 8445 section 6.1.1; W3C webrtc-pc, RTCIceRole.
 */
typedef enum
{
  WHERRY_ICE_ROLE_UNKNOWN,
  WHERRY_ICE_ROLE_CONTROLLING,
  WHERRY_ICE_ROLE_CONTROLLED,
} WherryIceRole;

/**
 * WherryMemberState:
 * @WHERRY_MEMBER_STATE_JOINED: it is in the room, its connection is not up
 * @WHERRY_MEMBER_STATE_CONNECTED: messages reach it
 * @WHERRY_MEMBER_STATE_LEFT: it is in the room no more
 *
 * Of a member of a room.
 */
typedef enum
{
  WHERRY_MEMBER_STATE_JOINED,
  WHERRY_MEMBER_STATE_CONNECTED,
  WHERRY_MEMBER_STATE_LEFT,
} WherryMemberState;

/**
 * WherryJoinFlags:
 * @WHERRY_JOIN_FLAGS_NONE: it hears every topic of the room
 * @WHERRY_JOIN_FLAGS_NO_MIRROR: it hears the topics that it sends on or subscribed to
 * @WHERRY_JOIN_FLAGS_SEND_ONLY: what it would hear is thrown away: it needs no handler for messages
 *
 * How a member inside the process joins.
 */
typedef enum /*< flags >*/
{
  WHERRY_JOIN_FLAGS_NONE = 0,
  WHERRY_JOIN_FLAGS_NO_MIRROR = 1 << 0,
  WHERRY_JOIN_FLAGS_SEND_ONLY = 1 << 1,
} WherryJoinFlags;

/**
 * WherryMessageFlags:
 * @WHERRY_MESSAGE_FLAGS_NONE: it was sent to everybody just now
 * @WHERRY_MESSAGE_FLAGS_REPLAYED: it was sent before: from history, or while the client was away
 * @WHERRY_MESSAGE_FLAGS_DIRECT: it is for this member alone
 *
 * What is known of a message of a [class@ClientChannel].
 */
typedef enum /*< flags >*/
{
  WHERRY_MESSAGE_FLAGS_NONE = 0,
  WHERRY_MESSAGE_FLAGS_REPLAYED = 1 << 0,
  WHERRY_MESSAGE_FLAGS_DIRECT = 1 << 1,
} WherryMessageFlags;

/**
 * WherryClientState:
 * @WHERRY_CLIENT_STATE_CLOSED: it has not joined, or has left
 * @WHERRY_CLIENT_STATE_JOINING: the server and the relay are asked
 * @WHERRY_CLIENT_STATE_CONNECTED: messages can pass
 * @WHERRY_CLIENT_STATE_RECONNECTING: the connection is lost, and it comes back
 * @WHERRY_CLIENT_STATE_FAILED: it could not join, or may not come back
 *
 * Of a client.
 */
typedef enum
{
  WHERRY_CLIENT_STATE_CLOSED,
  WHERRY_CLIENT_STATE_JOINING,
  WHERRY_CLIENT_STATE_CONNECTED,
  WHERRY_CLIENT_STATE_RECONNECTING,
  WHERRY_CLIENT_STATE_FAILED,
} WherryClientState;

/**
 * WherryClientTransport:
 * @WHERRY_CLIENT_TRANSPORT_NONE: no message passes now
 * @WHERRY_CLIENT_TRANSPORT_WEBRTC: the peer connection's own, each channel as it was made
 * @WHERRY_CLIENT_TRANSPORT_WEBSOCKET: the signaling socket, where UDP is blocked: every channel is
 *   reliable and in order there
 *
 * How a client's messages travel.
 */
typedef enum
{
  WHERRY_CLIENT_TRANSPORT_NONE,
  WHERRY_CLIENT_TRANSPORT_WEBRTC,
  WHERRY_CLIENT_TRANSPORT_WEBSOCKET,
} WherryClientTransport;

G_END_DECLS
