plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.2.20"
}

// A folder written by `export`: -Pexport=/path/to/runs/.../export/litert
val export: String = providers.gradleProperty("export").getOrElse("")

android {
    namespace = "predictor"
    compileSdk = 36
    defaultConfig {
        minSdk = 24
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions.jvmTarget = "17"
    androidResources.noCompress += "tflite"
    for (tests in listOf("test", "androidTest")) {
        sourceSets[tests].kotlin.srcDir("src/shared/kotlin")
    }
    if (export.isNotEmpty()) {
        sourceSets["androidTest"].assets.srcDir(export)
    }
    testOptions.unitTests.all { it.systemProperty("export", export) }
}

dependencies {
    implementation("com.google.ai.edge.litert:litert:2.3.0")
    testImplementation("junit:junit:4.13.2")
    testImplementation("org.json:json:20250517") // built into Android
    androidTestImplementation("androidx.test.ext:junit:1.3.0")
    androidTestImplementation("androidx.test:runner:1.7.0")
}
