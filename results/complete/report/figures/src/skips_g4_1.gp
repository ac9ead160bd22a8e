# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g4_1.gp (after set terminal ...)
data = 'src/skips_g4_1.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [-1:22]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:49.3]
set ytics 0,34 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 6.14' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 6.145,0 to 6.145,39.099999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:46.4]
set ytics 0,32 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 6.29' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 6.295,0 to 6.295,36.8 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:46.4]
set ytics 0,32 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 6.29' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 6.29,0 to 6.29,36.8 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:56.55]
set ytics 0,39 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 11.2' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 11.165,0 to 11.165,44.849999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:47.85]
set ytics 0,33 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 12.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 11.99,0 to 11.99,37.949999999999996 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:47.85]
set ytics 0,33 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 12.1' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 12.11,0 to 12.11,37.949999999999996 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
