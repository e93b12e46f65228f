package org.ticketctl.basics;

import java.util.List;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;

/** {@code pattern_capture}: one token for each capture group of each pattern. */
final class PatternCaptureFilterFactory extends AbstractTokenFilterFactory {

    private final boolean preserveOriginal;
    private final Pattern[] patterns;

    PatternCaptureFilterFactory(IndexSettings index, Environment environment, String name, Settings settings) {
        super(name, settings);
        preserveOriginal = settings.getAsBoolean("preserve_original", true);
        List<String> expressions = settings.getAsList("patterns", null, false);
        if (expressions == null) {
            throw new IllegalArgumentException("required setting 'patterns' is missing for token filter [" + name + "]");
        }
        patterns = expressions.stream().map(Pattern::compile).toArray(Pattern[]::new);
    }

    @Override
    public TokenStream create(TokenStream tokens) {
        return new PatternCaptureGroupTokenFilter(tokens, preserveOriginal, patterns);
    }
}
