package org.ticketctl.basics;

import java.io.IOException;
import org.elasticsearch.Build;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.support.TransportAction;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;

/** Names and versions of the answering node. */
final class MainResponse extends ActionResponse implements ToXContentObject {

    private final String node;
    private final String cluster;
    private final String clusterUuid;

    MainResponse(String node, String cluster, String clusterUuid) {
        this.node = node;
        this.cluster = cluster;
        this.clusterUuid = clusterUuid;
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        Build build = Build.current();
        return builder.startObject()
            .field("name", node)
            .field("cluster_name", cluster)
            .field("cluster_uuid", clusterUuid)
            .startObject("version")
            .field("number", build.qualifiedVersion())
            .field("build_flavor", build.flavor())
            .field("build_type", build.type().displayName())
            .field("build_hash", build.hash())
            .field("build_date", build.date())
            .field("build_snapshot", build.isSnapshot())
            .field("lucene_version", IndexVersion.current().luceneVersion().toString())
            .field("minimum_wire_compatibility_version", build.minWireCompatVersion())
            .field("minimum_index_compatibility_version", build.minIndexCompatVersion())
            .endObject()
            .field("tagline", "You Know, for Search")
            .endObject();
    }

    /** Answered by the node that was asked: it is never sent between nodes. */
    @Override
    public void writeTo(StreamOutput out) {
        TransportAction.localOnly();
    }
}
